"""The stock that the shop asks: FastAPI in front of a database."""

from __future__ import annotations

import logging

from fastapi import FastAPI, HTTPException
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select
from sqlalchemy.pool import StaticPool

import tapetum

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger("stock")

tapetum.init(service="stock", version="1.0")
engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
SQLAlchemyInstrumentor().instrument(engine=engine)

metadata = MetaData()
items = Table("items", metadata, Column("sku", String, primary_key=True), Column("left", Integer))
metadata.create_all(engine)
with engine.begin() as connection:
    connection.execute(insert(items), [{"sku": "egg", "left": 12}, {"sku": "bread", "left": 1}])

app = FastAPI(title="stock")
FastAPIInstrumentor.instrument_app(app)


@app.get("/stock/{sku}")
def stock(sku: str) -> dict[str, object]:
    """How many are left."""
    with engine.connect() as connection:
        left = connection.execute(select(items.c.left).where(items.c.sku == sku)).scalar()
    if left is None:
        raise HTTPException(404, f"nobody knows {sku}")
    logger.info("counted %s", sku)
    return {"sku": sku, "left": left}
