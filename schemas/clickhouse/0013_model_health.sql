-- A row is kept for 25 months from its record_time, when it was written. There are few: merges drop expired rows one by one, at most once a week.
CREATE TABLE IF NOT EXISTS andon.model_health
(
    code        LowCardinality(String) COMMENT 'contested code or risk, e.g. CA-05; verdicts.code joins it',
    bundle      LowCardinality(String) COMMENT 'model, name@version; verdicts.bundle joins it',
    version     Int32 COMMENT '1, 2, ...: counts the transitions of this guard' CODEC(ZSTD(1)),
    state       LowCardinality(String) COMMENT 'from here on: closed (the model is trusted), open (the rule decides) or half_open (the model decides for a share)',
    `signal`    LowCardinality(String) COMMENT 'what it came of, G0 to G6; empty if a person decided',
    reason      LowCardinality(String) COMMENT 'reason of the fallbacks while it is open, e.g. guard_features; else empty',
    changed_at  DateTime64(6, 'UTC') COMMENT 'when, by the clock of what was judged, UTC' CODEC(ZSTD(1)),
    window_from Nullable(DateTime64(6, 'UTC')) COMMENT 'start of what was looked at, UTC; NULL if no window was' CODEC(ZSTD(1)),
    window_to   Nullable(DateTime64(6, 'UTC')) COMMENT 'its end, UTC' CODEC(ZSTD(1)),
    statistic   Float64 COMMENT 'what was seen, in the unit of the signal' CODEC(ZSTD(1)),
    threshold   Float64 COMMENT 'what it is compared with, in the unit of the signal' CODEC(ZSTD(1)),
    hold_until  Nullable(DateTime64(6, 'UTC')) COMMENT 'it does not leave open before, by the clock of changed_at, UTC; NULL if nothing holds it' CODEC(ZSTD(1)),
    valid_until Nullable(DateTime64(6, 'UTC')) COMMENT 'while it is not open: afterwards it counts as open, nobody watches, UTC; NULL if it holds for good' CODEC(ZSTD(1)),
    trips       Int32 COMMENT 'how often this guard opened so far' CODEC(ZSTD(1)),
    author      LowCardinality(String) COMMENT 'who wrote it: guard, or a person',
    approved_by LowCardinality(String) COMMENT 'who else stands for it; empty if nobody',
    note        String COMMENT 'what else was said; empty if nothing' CODEC(ZSTD(1)),
    topic       LowCardinality(String) COMMENT 'Kafka topic of the record',
    partition   Int32 COMMENT 'Kafka partition of the record' CODEC(ZSTD(1)),
    offset      Int64 COMMENT 'Kafka offset of the record' CODEC(ZSTD(1)),
    record_time DateTime64(6, 'UTC') COMMENT 'broker timestamp of the record, UTC' CODEC(ZSTD(1)),
    load_time   DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when the row was inserted, ClickHouse''s clock, UTC' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (code, bundle, version, topic, partition, offset)
TTL toDateTime(record_time) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 604800
COMMENT 'One row per transition of a model''s guard: a guard record of andon.control. Rows of one record are equal, so doubles vanish: read with FINAL. The highest version of a code and bundle holds.'
