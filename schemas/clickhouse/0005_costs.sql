-- A row is kept for 25 months from its record_time, when it was written: disputes, and the same month of the year before. Of the times of a row only
-- that one is the same in a repeated load and runs in the order in which rows supersede one another: with incurred_at, which a correction may move
-- back, a fact could outlive its correction and count again. A part goes when all its rows have expired, nothing is rewritten for it; until then
-- costs_current leaves expired rows out.
CREATE TABLE IF NOT EXISTS andon.costs
(
    tenant       LowCardinality(String) COMMENT 'tenant the cost belongs to',
    component    LowCardinality(String) COMMENT 'what was paid for: pick_labour, pack_labour, material, receiving_labour or freight',
    subject      String COMMENT 'the entity: key of its events; events.subject joins it' CODEC(ZSTD(1)),
    part         String COMMENT 'what of the subject: order line (pick_labour), carton (pack_labour, material) or receipt line (receiving_labour); empty for freight' CODEC(ZSTD(1)),
    cost_id      String COMMENT 'names (tenant, component, subject, part): 32 hexadecimal digits' CODEC(ZSTD(1)),
    order_id     String COMMENT 'sales order id; empty if not stated' CODEC(ZSTD(1)),
    site         LowCardinality(String) COMMENT 'building; empty if not stated',
    carrier      LowCardinality(String) COMMENT 'carrier code; empty if none',
    item         String COMMENT 'GTIN or SKU; empty where the part has none' CODEC(ZSTD(1)),
    incurred_at  DateTime64(6, 'UTC') COMMENT 'when the work was done, UTC' CODEC(Delta(8), ZSTD(1)),
    basis        LowCardinality(String) COMMENT 'where the priced quantity comes from: measured (events) or assumed (a standard figure of the settings)',
    work_us      Int64 COMMENT 'labour: microseconds of work priced; 0 where the component has none' CODEC(ZSTD(1)),
    qty_milli    Int64 COMMENT 'units handled, thousandths of the base unit; 0 where the component has none' CODEC(ZSTD(1)),
    amount_micro Nullable(Int64) COMMENT 'millionths of a minor unit of currency; NULL if the price is unknown' CODEC(ZSTD(1)),
    currency     LowCardinality(String) COMMENT 'ISO 4217 currency of amount_micro; empty if the price is unknown',
    rates        LowCardinality(String) COMMENT 'version of the rates it was priced with',
    withdrawn    Bool COMMENT 'true when the facts it stood on were corrected away: it no longer counts' CODEC(ZSTD(1)),
    topic        LowCardinality(String) COMMENT 'Kafka topic of the record',
    partition    Int32 COMMENT 'Kafka partition of the record' CODEC(ZSTD(1)),
    offset       Int64 COMMENT 'Kafka offset of the record' CODEC(Delta(8), ZSTD(1)),
    record_time  DateTime64(6, 'UTC') COMMENT 'broker timestamp of the record, UTC' CODEC(Delta(8), ZSTD(1)),
    load_time    DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when the row was inserted, ClickHouse''s clock, UTC' CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(incurred_at)
ORDER BY (tenant, component, subject, part, cost_id, topic, partition, offset)
TTL toDateTime(record_time) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row per record of andon.costs, each an absolute fact: of one cost_id the latest offset holds. Rows of one record are equal, so doubles vanish: read with FINAL or through costs_current.'
