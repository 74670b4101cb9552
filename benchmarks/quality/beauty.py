"""Amazon Beauty 5-core (2014, research use only) as the two files a shop would hand over, made to fit a cut in time.

The data has an order for each customer and no time. Histories are aligned at their ends: everybody's last purchase is
at `END`, the one before it a step of 14 days earlier, and so on. A global cut just before `END` is then exactly
leave-one-out, and the cut one step earlier its validation. "The last 30 days" are everybody's own last two purchases.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pandas as pd

from benchmarks.quality.shop import Files
from recommender.events import EventType

FOLDER: Final = "amazon-beauty-2014"
END: Final = datetime(2014, 7, 23, tzinfo=UTC)
"""The month in which the data was collected; only differences of times matter."""
STEP_DAYS: Final = 14
CUT: Final = END - timedelta(seconds=1)
"""Everybody's last purchase is after it, all others before."""


def write_files(source: Path, folder: Path) -> Files:
    """Products and reviews, each review as a purchase, under ``folder``."""
    files = Files(folder / "products.parquet", folder / "events.parquet")
    product_rows(pd.read_parquet(source / "items.parquet")).to_parquet(files.products, index=False)
    event_rows(pd.read_parquet(source / "interactions.parquet")).to_parquet(files.events, index=False)
    return files


def product_rows(items: pd.DataFrame) -> pd.DataFrame:
    """One row per product: its title, its id where it has none."""
    name = items["title"].astype("object").fillna(items["item_id"]).astype(str)
    return pd.DataFrame({"product_id": items["item_id"].astype(str), "name": name})


def event_rows(interactions: pd.DataFrame) -> pd.DataFrame:
    """One purchase per row, `STEP_DAYS` apart within a customer, the last of everyone at `END`."""
    steps_back = interactions.groupby("user_id")["seq_pos"].transform("max") - interactions["seq_pos"]
    return pd.DataFrame(
        {
            "user_id": interactions["user_id"].astype(str),
            "product_id": interactions["item_id"].astype(str),
            "type": str(EventType.PURCHASE),
            "occurred_at": pd.Timestamp(END) - pd.to_timedelta(steps_back * STEP_DAYS, unit="D"),
        }
    )
