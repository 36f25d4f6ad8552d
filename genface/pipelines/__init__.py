"""Whole jobs: each command of the command line is one of these functions."""

from genface.pipelines.compare_sets import CompareResult, compare_sets
from genface.pipelines.detect_videos import DetectResult, detect_videos
from genface.pipelines.fit_behavior import FitResult, fit_behavior
from genface.pipelines.render_clip import RenderResult, render_clip
from genface.pipelines.run_clip import RunResult, run_clip, run_demo
from genface.pipelines.sample_behavior import SampleResult, sample_behavior
from genface.pipelines.show_model import ShowResult, show_model

__all__ = [
    "CompareResult",
    "DetectResult",
    "FitResult",
    "RenderResult",
    "RunResult",
    "SampleResult",
    "ShowResult",
    "compare_sets",
    "detect_videos",
    "fit_behavior",
    "render_clip",
    "run_clip",
    "run_demo",
    "sample_behavior",
    "show_model",
]
