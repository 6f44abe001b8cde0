CREATE VIEW IF NOT EXISTS andon.costs_current
(
    tenant       LowCardinality(String) COMMENT 'tenant the cost belongs to',
    component    LowCardinality(String) COMMENT 'what was paid for: pick_labour, pack_labour, material, receiving_labour or freight',
    subject      String COMMENT 'the entity: key of its events; events.subject joins it',
    part         String COMMENT 'what of the subject: order line (pick_labour), carton (pack_labour, material) or receipt line (receiving_labour); empty for freight',
    cost_id      String COMMENT 'names (tenant, component, subject, part): 32 hexadecimal digits',
    order_id     String COMMENT 'sales order id; empty if not stated',
    site         LowCardinality(String) COMMENT 'building; empty if not stated',
    carrier      LowCardinality(String) COMMENT 'carrier code; empty if none',
    item         String COMMENT 'GTIN or SKU; empty where the part has none',
    incurred_at  DateTime64(6, 'UTC') COMMENT 'when the work was done, UTC',
    basis        LowCardinality(String) COMMENT 'where the priced quantity comes from: measured (events) or assumed (a standard figure of the settings)',
    work_us      Int64 COMMENT 'labour: microseconds of work priced; 0 where the component has none',
    qty_milli    Int64 COMMENT 'units handled, thousandths of the base unit; 0 where the component has none',
    amount_micro Nullable(Int64) COMMENT 'millionths of a minor unit of currency; NULL if the price is unknown',
    currency     LowCardinality(String) COMMENT 'ISO 4217 currency of amount_micro; empty if the price is unknown',
    rates        LowCardinality(String) COMMENT 'version of the rates it was priced with',
    withdrawn    Bool COMMENT 'true when the facts it stood on were corrected away: it no longer counts',
    topic        LowCardinality(String) COMMENT 'Kafka topic of the record',
    partition    Int32 COMMENT 'Kafka partition of the record',
    offset       Int64 COMMENT 'Kafka offset of the record',
    record_time  DateTime64(6, 'UTC') COMMENT 'broker timestamp of the record, UTC',
    load_time    DateTime64(6, 'UTC') COMMENT 'when the row was inserted, ClickHouse''s clock, UTC'
)
AS
SELECT * FROM
(
    SELECT * FROM andon.costs
    WHERE record_time > now() - INTERVAL 25 MONTH
    ORDER BY tenant, component, subject, part, cost_id, offset DESC
    LIMIT 1 BY tenant, component, subject, part, cost_id
)
WHERE NOT withdrawn
COMMENT 'One row per cost that counts: the latest of its cost_id, unless withdrawn. Conditions on tenant, component, subject, part and cost_id are applied while reading; any other after the choice of the latest.'
