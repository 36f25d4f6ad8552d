"""What the numbers of a face table say: summaries, tests, decoding and signals.

Functions take the table first, a pandas DataFrame or :class:`genface.Fex`, and use the
words of py-feat. Names are bound on first use, so that tables stay quick to import.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "components": "decompose distance",
    "corrections": "correct_pvalues",
    "decoding": "Decoding decode predict",
    "dyads": "MAX_GAP Dyad pair_faces",
    "effects": "cohens_d effect_interval hedges_g",
    "face_plots": "draw_face_locations draw_gaze",
    "identities": "cluster_identities compute_identities",
    "isc_courses": "bridge need_time_locked resample time_courses",
    "isc_dynamics": "isc_windows",
    "isc_matrix": "course_correlations expected_leave_one_out isc isc_lags "
    "isc_leave_one_out mean_correlation",
    "isc_sets": "IscComparison compare_isc",
    "isc_tests": "IscTest isc_test",
    "lags": "lag_correlations pick_peaks window_correlations window_starts",
    "nulls": "circular_shifts iaaft_surrogates p_value phase_surrogates "
    "segment_shuffles shuffles",
    "phases": "band_phases phase_agreement",
    "plots": "draw_au_bars draw_betas draw_decoding",
    "quality": "quality_curve quality_filter rectification",
    "regression": "Regression regress",
    "resampling": "downsample upsample",
    "series_plots": "draw_au_correlation draw_au_series draw_isc draw_isc_windows",
    "sessions": "append session_labels",
    "signals": "baseline clean",
    "summaries": "extract_max extract_mean extract_min extract_sem extract_std "
    "extract_summary",
    "synchrony_measures": "MEASURES Settings SynchronyMeasure",
    "synchrony_plots": "draw_synchrony draw_window_lags",
    "synchrony_tests": "Synchrony SynchronyNull synchrony",
    "ttests": "TTest ttest_1samp ttest_ind",
    "warping": "warping_cost",
    "wavelets": "calc_hist_auc extract_boft extract_multi_wavelet extract_wavelet "
    "wavelet",
}
"""Public names by the module that defines them."""

_HOME = {name: module for module, names in _PUBLIC.items() for name in names.split()}

__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'genface.stats' has no attribute {name!r}")
    return getattr(import_module(f"genface.stats.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
