-- A row is kept for 25 months from its record_time, when it was written. No fact of the id is a time to partition by, so merges drop expired rows one
-- by one, at most once a week, as each rewrites a part.
CREATE TABLE IF NOT EXISTS andon.decisions
(
    tenant          LowCardinality(String) COMMENT 'tenant of the item',
    item_id         String COMMENT 'what was decided about: exceptions.exception_id or verdicts.verdict_id joins it' CODEC(ZSTD(1)),
    decision_id     String COMMENT 'names (tenant, item_id, idempotency_key): 32 hexadecimal digits' CODEC(ZSTD(1)),
    item_kind       LowCardinality(String) COMMENT 'exception or verdict',
    code            LowCardinality(String) COMMENT 'code of the item, e.g. CA-05',
    subject         String COMMENT 'the entity the item is about: key of its events; events.subject joins it' CODEC(ZSTD(1)),
    verdict         LowCardinality(String) COMMENT 'confirmed or false_alarm, which are labels; unsure or duplicate, which are none',
    cause           String COMMENT 'why it came about, in the words of who decided; empty if not stated' CODEC(ZSTD(1)),
    reviewer        LowCardinality(String) COMMENT 'who decided',
    decided_at      DateTime64(6, 'UTC') COMMENT 'when, by the writer''s clock, UTC' CODEC(ZSTD(1)),
    source          LowCardinality(String) COMMENT 'what it stands on: triage, carrier_outcome, auto or simulate',
    selection       LowCardinality(String) COMMENT 'why just this item was looked at: rule, ml or random',
    propensity_bp   Int32 COMMENT 'probability with which such an item is looked at, basis points; 10000 unless random' CODEC(ZSTD(1)),
    revision_seen   Int32 COMMENT 'revision of the exception that was looked at; 0 if not known, and for a verdict' CODEC(ZSTD(1)),
    idempotency_key String COMMENT 'the writer''s own name for the decision' CODEC(ZSTD(1)),
    note            String COMMENT 'what else was said; empty if nothing' CODEC(ZSTD(1)),
    topic           LowCardinality(String) COMMENT 'Kafka topic of the record',
    partition       Int32 COMMENT 'Kafka partition of the record' CODEC(ZSTD(1)),
    offset          Int64 COMMENT 'Kafka offset of the record' CODEC(Delta(8), ZSTD(1)),
    record_time     DateTime64(6, 'UTC') COMMENT 'broker timestamp of the record, UTC' CODEC(Delta(8), ZSTD(1)),
    load_time       DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when the row was inserted, ClickHouse''s clock, UTC' CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, item_id, decision_id, topic, partition, offset)
TTL toDateTime(record_time) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 604800
COMMENT 'One row per decision about an item; an item without one has no label. Rows of one decision are equal, so doubles vanish: read with FINAL. decisions_current has the latest of each item.'
