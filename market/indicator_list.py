"""What the wider catalogue holds: data, read by `market.indicator_catalog`.

Each entry names a class of `ta`, its inputs, its lines and its windows. Left out are sums since the
beginning of the data (accumulation/distribution, negative volume index, volume-price trend): their
level says where the download began, not where the market is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from market.features import WARMUP_BARS


@dataclass(frozen=True, slots=True)
class Indicator:
    """One entry of the catalogue."""

    place: str
    """`module.Class` inside `ta`."""
    inputs: str
    """Columns it reads, separated by blanks."""
    lines: Mapping[str, str]
    """Name of each line and the method of the class that gives it."""
    description: str
    """One line for the model."""
    windows: Mapping[str, int] = field(default_factory=dict)
    """Parameters that may be changed, in bars, with their defaults."""
    recursive: bool = False
    """True when it carries its whole past along, and so needs the full warm-up."""

    def warmup_bars(self, windows: Mapping[str, int]) -> int:
        """Candles before the first value that is believed."""
        full = sum(windows.values())
        return max(WARMUP_BARS, full) if self.recursive else full


_HLC = "high low close"
_WINDOW = "window"

INDICATORS: dict[str, Indicator] = {
    "adx": Indicator(
        "trend.ADXIndicator",
        _HLC,
        {"adx": "adx", "di_plus": "adx_pos", "di_minus": "adx_neg"},
        "Trend strength 0 to 100 and the two directional indicators (Wilder)",
        {_WINDOW: 14},
        recursive=True,
    ),
    "aroon": Indicator(
        "trend.AroonIndicator",
        "high low",
        {"up": "aroon_up", "down": "aroon_down"},
        "Bars since the highest high and lowest low, each 0 to 100 (100: just now)",
        {_WINDOW: 25},
    ),
    "awesome": Indicator(
        "momentum.AwesomeOscillatorIndicator",
        "high low",
        {"awesome": "awesome_oscillator"},
        "Mean of the median price over 5 bars minus that over 34, in quote",
        {"window1": 5, "window2": 34},
    ),
    "cci": Indicator(
        "trend.CCIIndicator",
        _HLC,
        {"cci": "cci"},
        "Distance of the typical price from its mean in mean deviations; beyond ±100 is far",
        {_WINDOW: 20},
    ),
    "cmf": Indicator(
        "volume.ChaikinMoneyFlowIndicator",
        "high low close volume",
        {"cmf": "chaikin_money_flow"},
        "Chaikin money flow: volume-weighted position of closes in their range, -1 to 1",
        {_WINDOW: 20},
    ),
    "donchian": Indicator(
        "volatility.DonchianChannel",
        _HLC,
        {
            "upper": "donchian_channel_hband",
            "middle": "donchian_channel_mband",
            "lower": "donchian_channel_lband",
        },
        "Highest high and lowest low of the window, in quote",
        {_WINDOW: 20},
    ),
    "dpo": Indicator(
        "trend.DPOIndicator",
        "close",
        {"dpo": "dpo"},
        "Detrended price: an earlier close minus the mean, in quote; shows cycles, not now",
        {_WINDOW: 20},
    ),
    "ease_of_movement": Indicator(
        "volume.EaseOfMovementIndicator",
        "high low volume",
        {"ease": "sma_ease_of_movement"},
        "How far the price moves per unit of volume, averaged; high when it moves easily",
        {_WINDOW: 14},
    ),
    "force_index": Indicator(
        "volume.ForceIndexIndicator",
        "close volume",
        {"force": "force_index"},
        "Price change times volume, smoothed",
        {_WINDOW: 13},
        recursive=True,
    ),
    "ichimoku": Indicator(
        "trend.IchimokuIndicator",
        "high low",
        {
            "conversion": "ichimoku_conversion_line",
            "base": "ichimoku_base_line",
            "span_a": "ichimoku_a",
            "span_b": "ichimoku_b",
        },
        "Ichimoku lines at now (spans not shifted ahead), in quote",
        {"window1": 9, "window2": 26, "window3": 52},
    ),
    "kama": Indicator(
        "momentum.KAMAIndicator",
        "close",
        {"kama": "kama"},
        "Kaufman's adaptive moving average, in quote: slow in noise, fast in trends",
        {_WINDOW: 10},
        recursive=True,
    ),
    "keltner": Indicator(
        "volatility.KeltnerChannel",
        _HLC,
        {
            "upper": "keltner_channel_hband",
            "middle": "keltner_channel_mband",
            "lower": "keltner_channel_lband",
        },
        "Mean typical price plus and minus the mean range, in quote",
        {_WINDOW: 20},
    ),
    "kst": Indicator(
        "trend.KSTIndicator",
        "close",
        {"kst": "kst", "signal": "kst_sig"},
        "Know sure thing: weighted sum of four smoothed rates of change, and its signal",
        {"roc4": 30, "window4": 15, "nsig": 9},
    ),
    "mass_index": Indicator(
        "trend.MassIndex",
        "high low",
        {"mass": "mass_index"},
        "Widening of the range; a bulge above 27 that falls under 26.5 may mean a reversal",
        {"window_fast": 9, "window_slow": 25},
        recursive=True,
    ),
    "mfi": Indicator(
        "volume.MFIIndicator",
        "high low close volume",
        {"mfi": "money_flow_index"},
        "Money flow index: an RSI weighted by volume, 0 to 100",
        {_WINDOW: 14},
    ),
    "ppo": Indicator(
        "momentum.PercentagePriceOscillator",
        "close",
        {"ppo": "ppo", "signal": "ppo_signal", "histogram": "ppo_hist"},
        "MACD in percent of the slow average, comparable between instruments",
        {"window_slow": 26, "window_fast": 12, "window_sign": 9},
        recursive=True,
    ),
    "psar": Indicator(
        "trend.PSARIndicator",
        _HLC,
        {"psar": "psar"},
        "Parabolic stop and reverse, in quote: below the price in an uptrend, above in a downtrend",
        recursive=True,
    ),
    "pvo": Indicator(
        "momentum.PercentageVolumeOscillator",
        "volume",
        {"pvo": "pvo", "signal": "pvo_signal", "histogram": "pvo_hist"},
        "The PPO of volume, percent",
        {"window_slow": 26, "window_fast": 12, "window_sign": 9},
        recursive=True,
    ),
    "roc": Indicator(
        "momentum.ROCIndicator",
        "close",
        {"roc": "roc"},
        "Rate of change over the window, percent",
        {_WINDOW: 12},
    ),
    "sma": Indicator(
        "trend.SMAIndicator",
        "close",
        {"sma": "sma_indicator"},
        "Simple moving average, in quote",
        {_WINDOW: 200},
    ),
    "stc": Indicator(
        "trend.STCIndicator",
        "close",
        {"stc": "stc"},
        "Schaff trend cycle, 0 to 100",
        {"window_slow": 50, "window_fast": 23, "cycle": 10},
        recursive=True,
    ),
    "stoch_rsi": Indicator(
        "momentum.StochRSIIndicator",
        "close",
        {"k": "stochrsi_k", "d": "stochrsi_d"},
        "Where the RSI stands in its own range, smoothed, 0 to 1",
        {_WINDOW: 14},
        recursive=True,
    ),
    "trix": Indicator(
        "trend.TRIXIndicator",
        "close",
        {"trix": "trix"},
        "Rate of change of a triple-smoothed average, percent",
        {_WINDOW: 15},
        recursive=True,
    ),
    "tsi": Indicator(
        "momentum.TSIIndicator",
        "close",
        {"tsi": "tsi"},
        "True strength: double-smoothed momentum over its absolute value, -100 to 100",
        {"window_slow": 25, "window_fast": 13},
        recursive=True,
    ),
    "ulcer_index": Indicator(
        "volatility.UlcerIndex",
        "close",
        {"ulcer": "ulcer_index"},
        "Depth and length of falls from the window's high, percent",
        {_WINDOW: 14},
    ),
    "ultimate": Indicator(
        "momentum.UltimateOscillator",
        _HLC,
        {"ultimate": "ultimate_oscillator"},
        "Buying pressure over three windows, 0 to 100",
        {"window1": 7, "window2": 14, "window3": 28},
    ),
    "vortex": Indicator(
        "trend.VortexIndicator",
        _HLC,
        {"plus": "vortex_indicator_pos", "minus": "vortex_indicator_neg"},
        "Upward and downward movement over true range; the larger one leads",
        {_WINDOW: 14},
    ),
    "williams_r": Indicator(
        "momentum.WilliamsRIndicator",
        _HLC,
        {"williams_r": "williams_r"},
        "Distance of the close from the window's high, -100 to 0",
        {"lbp": 14},
    ),
    "wma": Indicator(
        "trend.WMAIndicator",
        "close",
        {"wma": "wma"},
        "Linearly weighted moving average, in quote",
        {_WINDOW: 9},
    ),
}
