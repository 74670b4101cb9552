"""UCI Online Retail (Chen 2015, CC BY 4.0) as the two files a shop would hand over."""

from pathlib import Path
from typing import Final

import pandas as pd

from benchmarks.quality.shop import Files
from recommender.events import EventType

FOLDER: Final = "online-retail"


def write_files(source: Path, folder: Path) -> Files:
    """Products and purchases of known customers, duplicates merged, under ``folder``."""
    purchases = pd.read_parquet(source / "purchases_clean.parquet")
    items = pd.read_parquet(source / "items.parquet")
    files = Files(folder / "products.parquet", folder / "events.parquet")
    product_rows(items, purchases).to_parquet(files.products, index=False)
    event_rows(purchases).to_parquet(files.events, index=False)
    return files


def product_rows(items: pd.DataFrame, purchases: pd.DataFrame) -> pd.DataFrame:
    """One row per product that was bought: its title is its name, its median price its price; no category is known."""
    sold = items[items["item_id"].isin(purchases["item_id"].unique())]
    return pd.DataFrame(
        {
            "product_id": sold["item_id"].astype(str),
            "name": sold["title"].astype("object").fillna(sold["item_id"]).astype(str),
            "price": sold["price"].where(sold["price"] > 0),
        }
    ).reset_index(drop=True)


def event_rows(purchases: pd.DataFrame) -> pd.DataFrame:
    """One purchase per line; all lines of an invoice share their minute, so an invoice is a basket."""
    return pd.DataFrame(
        {
            "user_id": purchases["user_id"].astype(str),
            "product_id": purchases["item_id"].astype(str),
            "type": str(EventType.PURCHASE),
            "occurred_at": purchases["timestamp"].dt.tz_localize("UTC"),
            "quantity": purchases["quantity"],
            "price": purchases["price"],
            "order_id": purchases["order_id"].astype(str),
        }
    )
