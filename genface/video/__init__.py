"""Frames in with their true time, clips out."""

from genface.video.picture import as_rgb, is_picture, read_image
from genface.video.reader import Frame, FrameReader, VideoInfo, probe, read_frames
from genface.video.writer import write_clip

__all__ = [
    "Frame",
    "FrameReader",
    "VideoInfo",
    "as_rgb",
    "is_picture",
    "probe",
    "read_frames",
    "read_image",
    "write_clip",
]
