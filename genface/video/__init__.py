"""Frames in with their true time, clips out."""

from genface.video.container import VideoInfo, probe
from genface.video.picture import as_rgb, check_file, is_picture, read_image
from genface.video.reader import Frame, FrameReader, check_range, read_frames
from genface.video.writer import write_clip, write_pictures

__all__ = [
    "Frame",
    "FrameReader",
    "VideoInfo",
    "as_rgb",
    "check_file",
    "check_range",
    "is_picture",
    "probe",
    "read_frames",
    "read_image",
    "write_clip",
    "write_pictures",
]
