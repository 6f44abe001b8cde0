-- A row is kept for 13 months from when it was loaded, so that history brought in late stays as long as any other; loading a range anew keeps its
-- rows as long again. Ranges are loaded in the order of their offsets, so no row outlives the one that took its place. A part goes when all its
-- rows have expired, nothing is rewritten for it; until then events_current leaves expired rows out.
CREATE TABLE IF NOT EXISTS andon.events
(
    tenant             LowCardinality(String) COMMENT 'tenant the event belongs to',
    family             LowCardinality(String) COMMENT 'asn, carrier or pickpack',
    subject            String COMMENT 'the entity: key of the record; exceptions.subject joins it' CODEC(ZSTD(1)),
    event_id           String COMMENT 'the sender''s id of the event' CODEC(ZSTD(1)),
    event_hash         UInt64 DEFAULT xxHash64(event_id) COMMENT 'xxHash64 of event_id; elements of exceptions.evidence join it' CODEC(NONE),
    type               LowCardinality(String) COMMENT 'event type, e.g. receipt.line',
    event_time         DateTime64(6, 'UTC') COMMENT 'when it happened, UTC' CODEC(Delta(8), ZSTD(1)),
    source             LowCardinality(String) COMMENT 'system that sent it; empty if not stated',
    site               LowCardinality(String) COMMENT 'building it is about; empty if not stated',
    retracts_event_id  String COMMENT 'correction: event_id of the event taken back; else empty' CODEC(ZSTD(1)),
    despatch_id        String COMMENT 'despatch (ASN) id; empty if none' CODEC(ZSTD(1)),
    po_id              String COMMENT 'purchase order id; empty if none' CODEC(ZSTD(1)),
    carrier            LowCardinality(String) COMMENT 'carrier code; empty if none',
    tracking_no        String COMMENT 'tracking number, unique with its carrier; empty if none' CODEC(ZSTD(1)),
    fulfilment_id      String COMMENT 'fulfilment (pick and pack order) id; empty if none' CODEC(ZSTD(1)),
    order_id           String COMMENT 'sales order id; empty if none' CODEC(ZSTD(1)),
    revision           Int32 COMMENT 'revision of the document; a higher one supersedes' CODEC(ZSTD(1)),
    purpose            LowCardinality(String) COMMENT 'asn.despatched: original or replace; original for every other type',
    `lines.line`            Array(String) COMMENT 'document lines: line number or id within the document' CODEC(ZSTD(1)),
    `lines.sku`             Array(String) COMMENT 'document lines: the owner''s item number; empty if none' CODEC(ZSTD(1)),
    `lines.gtin`            Array(String) COMMENT 'document lines: GS1 item number; empty if none' CODEC(ZSTD(1)),
    `lines.lot`             Array(String) COMMENT 'document lines: batch; empty if not stated' CODEC(ZSTD(1)),
    `lines.qty_milli`       Array(Int64) COMMENT 'document lines: advised or planned quantity, thousandths of the base unit' CODEC(ZSTD(1)),
    `lines.uom`             Array(LowCardinality(String)) COMMENT 'document lines: base unit, UN/ECE Rec 20 code' CODEC(ZSTD(1)),
    `lines.unit_cost_minor` Array(Nullable(Int64)) COMMENT 'document lines: cost per base unit in minor units of lines.currency; NULL if unknown' CODEC(ZSTD(1)),
    `lines.currency`        Array(LowCardinality(String)) COMMENT 'document lines: ISO 4217 currency of lines.unit_cost_minor; empty if the cost is unknown' CODEC(ZSTD(1)),
    receipt_id         String COMMENT 'receipt id; empty if none' CODEC(ZSTD(1)),
    line               String COMMENT 'receipt line, or order line of a pick or pack; empty if none' CODEC(ZSTD(1)),
    sku                String COMMENT 'the owner''s item number; empty if none' CODEC(ZSTD(1)),
    gtin               String COMMENT 'GS1 item number; empty if none' CODEC(ZSTD(1)),
    lot                String COMMENT 'batch; empty if not stated' CODEC(ZSTD(1)),
    uom                LowCardinality(String) COMMENT 'base unit of the quantities, UN/ECE Rec 20 code; empty if not stated',
    qty_milli          Int64 COMMENT 'quantity, thousandths of the base unit; of a receipt with the rejected part; 0 where the type has none' CODEC(ZSTD(1)),
    rejected_qty_milli Int64 COMMENT 'rejected part of qty_milli, thousandths of the base unit' CODEC(ZSTD(1)),
    condition          LowCardinality(String) COMMENT 'receipt.line: good, damaged, quality, container or rejected; good for every other type',
    line_closed        Bool COMMENT 'true when no further pick of this line is planned' CODEC(ZSTD(1)),
    task_id            String COMMENT 'pick or pack task id; empty if none' CODEC(ZSTD(1)),
    reason             LowCardinality(String) COMMENT 'the sender''s reason code (denial, delay); empty if none',
    status             LowCardinality(String) COMMENT 'carrier.scan: milestone, e.g. DELIVERED; else empty',
    facility           LowCardinality(String) COMMENT 'carrier facility; empty if none',
    service_code       LowCardinality(String) COMMENT 'carrier service; empty if none',
    promise_deliver_by Nullable(DateTime64(6, 'UTC')) COMMENT 'promised delivery instant, UTC; NULL if not stated' CODEC(ZSTD(1)),
    ship_by            Nullable(DateTime64(6, 'UTC')) COMMENT 'instant to ship by, UTC; NULL if not stated' CODEC(ZSTD(1)),
    eta                Nullable(DateTime64(6, 'UTC')) COMMENT 'estimated arrival, UTC; NULL if not stated' CODEC(ZSTD(1)),
    carton_id          String COMMENT 'carton id; empty if none' CODEC(ZSTD(1)),
    weight_g           Int64 COMMENT 'gross weight in grams; 0 if not stated' CODEC(ZSTD(1)),
    freight_minor      Nullable(Int64) COMMENT 'what the carrier bills for the shipment, minor units of currency; NULL if unknown' CODEC(ZSTD(1)),
    declared_value_minor Nullable(Int64) COMMENT 'declared value of the goods, minor units of currency; NULL if unknown' CODEC(ZSTD(1)),
    currency           LowCardinality(String) COMMENT 'ISO 4217 currency of freight_minor and declared_value_minor; empty if both are unknown',
    content_hash       UInt64 COMMENT 'xxHash64 of the record''s bytes; two rows of one event_id with different hashes state different things' CODEC(NONE),
    topic              LowCardinality(String) COMMENT 'Kafka topic of the record',
    partition          Int32 COMMENT 'Kafka partition of the record' CODEC(ZSTD(1)),
    offset             Int64 COMMENT 'Kafka offset of the record' CODEC(Delta(8), ZSTD(1)),
    record_time        DateTime64(6, 'UTC') COMMENT 'broker timestamp of the record, UTC' CODEC(Delta(8), ZSTD(1)),
    load_time          DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when the row was inserted, ClickHouse''s clock, UTC' CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(event_time)
ORDER BY (tenant, family, subject, event_id, topic, partition, offset)
TTL toDateTime(load_time) + INTERVAL 13 MONTH
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row per record of the input topics (clock.tick and what cannot be read left out). Rows of one record are equal, so doubles vanish: read with FINAL or through events_current.'
