-- A row is kept for 25 months from its record_time, when it was written: disputes, and the same month of the year before. Of the times of a row only
-- that one is the same in a repeated load and runs in the order of revisions: with opened_at, which a revision may move back, an older one could
-- outlive the latest and seem current. No fact of the id is a time to partition by, so merges drop expired rows one by one, at most once a week, as
-- each rewrites a part, and exceptions_current leaves them out at once.
CREATE TABLE IF NOT EXISTS andon.exceptions
(
    tenant       LowCardinality(String) COMMENT 'tenant the exception belongs to',
    code         LowCardinality(String) COMMENT 'exception code, e.g. IN-05',
    subject      String COMMENT 'the entity it is about: key of its events; events.subject joins it' CODEC(ZSTD(1)),
    episode      String COMMENT 'the violated obligation within the subject' CODEC(ZSTD(1)),
    exception_id String COMMENT 'names (tenant, code, subject, episode): 32 hexadecimal digits' CODEC(ZSTD(1)),
    revision     Int32 COMMENT '1, 2, ...: counts the changes of the exception' CODEC(ZSTD(1)),
    state        LowCardinality(String) COMMENT 'where it stands: open, cleared or retracted',
    change       LowCardinality(String) COMMENT 'what this revision did: opened, updated, cleared or retracted',
    severity     LowCardinality(String) COMMENT 'minor, major or critical',
    decided_by   LowCardinality(String) COMMENT 'who decided: rule, model, or fallback (the rule in place of a model that has no answer or is not believed)',
    fallback     LowCardinality(String) COMMENT 'why the model did not decide, e.g. timeout; empty unless decided_by is fallback',
    model        LowCardinality(String) COMMENT 'name@version of the model that decided; empty unless decided_by is model',
    rule         LowCardinality(String) COMMENT 'code and version of the rule''s logic, e.g. CA-02/1',
    site         LowCardinality(String) COMMENT 'building; empty if not known',
    item         String COMMENT 'GTIN or SKU; empty where the episode has none' CODEC(ZSTD(1)),
    line         String COMMENT 'order or receipt line; empty where the episode has none' CODEC(ZSTD(1)),
    opened_at    DateTime64(6, 'UTC') COMMENT 'due time, or latest event time of the evidence, UTC' CODEC(ZSTD(1)),
    cleared_at   Nullable(DateTime64(6, 'UTC')) COMMENT 'latest event time of the satisfying facts, UTC; NULL while not cleared' CODEC(ZSTD(1)),
    detected_at  DateTime64(6, 'UTC') COMMENT 'time of the detecting lane at this revision, UTC' CODEC(ZSTD(1)),
    late_data    Bool COMMENT 'true when cleared by facts that were true before the judged instant: never a real violation' CODEC(ZSTD(1)),
    logic_change Bool COMMENT 'true when this revision came of other rules, not of other facts' CODEC(ZSTD(1)),
    unit         LowCardinality(String) COMMENT 'unit of expected, observed and delta: milli (thousandths of the base unit), seconds or grams',
    expected     Nullable(Int64) COMMENT 'expected value, in unit; NULL if unknown' CODEC(ZSTD(1)),
    observed     Nullable(Int64) COMMENT 'observed value, in unit; NULL if unknown' CODEC(ZSTD(1)),
    delta        Nullable(Int64) COMMENT 'how far observed is off, in unit, never negative; NULL if unknown' CODEC(ZSTD(1)),
    cost_at_risk_minor Nullable(Int64) COMMENT 'what is lost if nobody acts, minor units of currency; NULL if unknown' CODEC(ZSTD(1)),
    currency     LowCardinality(String) COMMENT 'ISO 4217 currency of cost_at_risk_minor and priority_score; empty if unknown',
    probability_bp Int32 COMMENT 'probability of that loss if nobody acts, basis points; 10000 for a fact' CODEC(ZSTD(1)),
    avoidable_bp Int32 COMMENT 'share of it that acting can still save, basis points' CODEC(ZSTD(1)),
    urgency_bp   Int32 COMMENT 'how soon acting is needed, as of opened_at, basis points' CODEC(ZSTD(1)),
    priority_score Nullable(Int64) COMMENT 'cost at risk x probability x avoidable x urgency, as of opened_at, minor units of currency; NULL if the cost is unknown' CODEC(ZSTD(1)),
    priority     LowCardinality(String) COMMENT 'P1 to P4, as of opened_at: the order of work',
    deadline     DateTime64(6, 'UTC') COMMENT 'when acting no longer helps, UTC' CODEC(ZSTD(1)),
    act_by       DateTime64(6, 'UTC') COMMENT 'last responsible moment: deadline less what the best action takes, UTC' CODEC(ZSTD(1)),
    reasons      Array(String) COMMENT 'plain sentences with the numbers in them' CODEC(ZSTD(1)),
    evidence     Array(UInt64) COMMENT 'events the verdict stands on: values of events.event_hash, sorted' CODEC(ZSTD(1)),
    topic        LowCardinality(String) COMMENT 'Kafka topic of the record',
    partition    Int32 COMMENT 'Kafka partition of the record' CODEC(ZSTD(1)),
    offset       Int64 COMMENT 'Kafka offset of the record' CODEC(ZSTD(1)),
    record_time  DateTime64(6, 'UTC') COMMENT 'broker timestamp of the record, UTC' CODEC(ZSTD(1)),
    load_time    DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when the row was inserted, ClickHouse''s clock, UTC' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, code, subject, episode, exception_id, revision, topic, partition, offset)
TTL toDateTime(record_time) + INTERVAL 25 MONTH
SETTINGS non_replicated_deduplication_window = 1000, merge_with_ttl_timeout = 604800
COMMENT 'One row per revision of an exception. Rows of one revision are equal, so doubles vanish: read with FINAL or through exceptions_current.'
