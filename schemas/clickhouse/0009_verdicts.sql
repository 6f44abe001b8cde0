-- A row is kept for 25 months from its record_time, when it was written: labels come late, and a year's season is compared with the one before. Of the
-- times of a row only that one is the same in a repeated load and runs in the order in which rows supersede one another. A part goes when all its
-- rows have expired, nothing is rewritten for it; until then verdicts_current leaves expired rows out.
CREATE TABLE IF NOT EXISTS andon.verdicts
(
    tenant        LowCardinality(String) COMMENT 'tenant the judgement belongs to',
    code          LowCardinality(String) COMMENT 'code of the rule, e.g. CA-05, or of the risk, e.g. pick_short_risk: a risk raises no exception',
    subject       String COMMENT 'the entity it is about: key of its events; events.subject joins it' CODEC(ZSTD(1)),
    episode       String COMMENT 'the obligation within the subject' CODEC(ZSTD(1)),
    judged_at     DateTime64(6, 'UTC') COMMENT 'event time of the fact or due time that was judged, UTC' CODEC(Delta(8), ZSTD(1)),
    verdict_id    String COMMENT 'names (tenant, code, subject, episode, judged_at): 32 hexadecimal digits' CODEC(ZSTD(1)),
    site          LowCardinality(String) COMMENT 'building; empty if not known',
    detected_at   DateTime64(6, 'UTC') COMMENT 'time of the judging lane then, UTC' CODEC(Delta(8), ZSTD(1)),
    rule          LowCardinality(String) COMMENT 'code and version of the rule''s logic, e.g. CA-05/1',
    rule_says     LowCardinality(String) COMMENT 'what the rule alone would decide: raise, no or abstains',
    rule_missing  LowCardinality(String) COMMENT 'what a rule that abstains lacks; else empty',
    mode          LowCardinality(String) COMMENT 'of the code''s policy: off, shadow, canary or live',
    canary_bp     Int32 COMMENT 'share of the entities the model decides for in mode canary, basis points; 0 in other modes' CODEC(ZSTD(1)),
    bundle        LowCardinality(String) COMMENT 'model asked for, name@version; empty if none',
    model         LowCardinality(String) COMMENT 'model file that answered: the first 16 digits of its SHA-256; empty if none did',
    score         Nullable(Float64) COMMENT 'the model''s answer, a probability from 0 to 1; NULL if there is none' CODEC(ZSTD(1)),
    reason        LowCardinality(String) COMMENT 'why there is no score though a model was asked, e.g. timeout; else empty',
    threshold_bp  Int32 COMMENT 'the model raises from this score on, basis points; 0 if none was asked' CODEC(ZSTD(1)),
    decided_by    LowCardinality(String) COMMENT 'who decided: rule, model, or fallback (the rule in the place of a model without a score)',
    raised        Bool COMMENT 'what was decided' CODEC(ZSTD(1)),
    selection     LowCardinality(String) COMMENT 'why it is recorded: the rule, the model or both raised, or a sample',
    propensity_bp Int32 COMMENT 'probability with which such a judgement is recorded, basis points; 10000 unless a sample' CODEC(ZSTD(1)),
    features      LowCardinality(String) COMMENT 'feature set, e.g. carrier/1; empty if none was computed',
    `values`      Array(Nullable(Float64)) COMMENT 'values of the features, in the order and units of the set; NULL where one is missing' CODEC(ZSTD(1)),
    exception_id  String COMMENT 'exception decided about, 32 hexadecimal digits; empty for a risk, and where there is none' CODEC(ZSTD(1)),
    topic         LowCardinality(String) COMMENT 'Kafka topic of the record',
    partition     Int32 COMMENT 'Kafka partition of the record' CODEC(ZSTD(1)),
    offset        Int64 COMMENT 'Kafka offset of the record' CODEC(Delta(8), ZSTD(1)),
    record_time   DateTime64(6, 'UTC') COMMENT 'broker timestamp of the record, UTC' CODEC(Delta(8), ZSTD(1)),
    load_time     DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when the row was inserted, ClickHouse''s clock, UTC' CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(judged_at)
ORDER BY (tenant, code, subject, episode, judged_at, verdict_id, topic, partition, offset)
TTL toDateTime(record_time) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1
COMMENT 'One row per record of andon.verdicts, each a contested judgement that either side raised or that was drawn: of one verdict_id the latest offset holds. Rows of one record are equal, so doubles vanish: read with FINAL or through verdicts_current.'
