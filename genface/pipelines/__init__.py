"""Whole jobs: each command of the command line is one of these functions."""

from genface.pipelines.check_aus import AUCheck, check_aus
from genface.pipelines.compare_sets import CompareResult, compare_sets
from genface.pipelines.convert_table import ConvertResult, convert_table
from genface.pipelines.detail_aus import DetailsResult, detail_aus
from genface.pipelines.detect_videos import DetectResult, detect_videos
from genface.pipelines.fit_behavior import FitResult, fit_behavior
from genface.pipelines.render_clip import RenderResult, render_clip
from genface.pipelines.run_clip import RunResult, run_clip, run_demo
from genface.pipelines.sample_behavior import SampleResult, sample_behavior
from genface.pipelines.score_emotions import EmotionsResult, score_emotions
from genface.pipelines.show_model import ShowResult, show_model
from genface.pipelines.table_figures import PlotResult, plot_tables
from genface.pipelines.table_statistics import (
    StatsResult,
    decode_tables,
    isc_tables,
    regress_tables,
    summarise_tables,
)
from genface.pipelines.table_synchrony import synchrony_tables

__all__ = [
    "AUCheck",
    "CompareResult",
    "ConvertResult",
    "DetailsResult",
    "DetectResult",
    "EmotionsResult",
    "FitResult",
    "PlotResult",
    "RenderResult",
    "RunResult",
    "SampleResult",
    "ShowResult",
    "StatsResult",
    "check_aus",
    "compare_sets",
    "convert_table",
    "decode_tables",
    "detail_aus",
    "detect_videos",
    "fit_behavior",
    "isc_tables",
    "plot_tables",
    "regress_tables",
    "render_clip",
    "run_clip",
    "run_demo",
    "sample_behavior",
    "score_emotions",
    "show_model",
    "summarise_tables",
    "synchrony_tables",
]
