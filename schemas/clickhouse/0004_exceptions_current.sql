CREATE VIEW IF NOT EXISTS andon.exceptions_current
(
    tenant       LowCardinality(String) COMMENT 'tenant the exception belongs to',
    code         LowCardinality(String) COMMENT 'exception code, e.g. IN-05',
    subject      String COMMENT 'the entity it is about: key of its events; events.subject joins it',
    episode      String COMMENT 'the violated obligation within the subject',
    exception_id String COMMENT 'names (tenant, code, subject, episode): 32 hexadecimal digits',
    revision     Int32 COMMENT '1, 2, ...: counts the changes of the exception',
    state        LowCardinality(String) COMMENT 'where it stands: open, cleared or retracted',
    change       LowCardinality(String) COMMENT 'what this revision did: opened, updated, cleared or retracted',
    severity     LowCardinality(String) COMMENT 'minor, major or critical',
    decided_by   LowCardinality(String) COMMENT 'who decided: rule, model, or fallback (the rule in place of a model that has no answer or is not believed)',
    fallback     LowCardinality(String) COMMENT 'why the model did not decide, e.g. timeout; empty unless decided_by is fallback',
    model        LowCardinality(String) COMMENT 'name@version of the model that decided; empty unless decided_by is model',
    rule         LowCardinality(String) COMMENT 'code and version of the rule''s logic, e.g. CA-02/1',
    site         LowCardinality(String) COMMENT 'building; empty if not known',
    item         String COMMENT 'GTIN or SKU; empty where the episode has none',
    line         String COMMENT 'order or receipt line; empty where the episode has none',
    opened_at    DateTime64(6, 'UTC') COMMENT 'due time, or latest event time of the evidence, UTC',
    cleared_at   Nullable(DateTime64(6, 'UTC')) COMMENT 'latest event time of the satisfying facts, UTC; NULL while not cleared',
    detected_at  DateTime64(6, 'UTC') COMMENT 'time of the detecting lane at this revision, UTC',
    late_data    Bool COMMENT 'true when cleared by facts that were true before the judged instant: never a real violation',
    logic_change Bool COMMENT 'true when this revision came of other rules, not of other facts',
    unit         LowCardinality(String) COMMENT 'unit of expected, observed and delta: milli (thousandths of the base unit), seconds or grams',
    expected     Nullable(Int64) COMMENT 'expected value, in unit; NULL if unknown',
    observed     Nullable(Int64) COMMENT 'observed value, in unit; NULL if unknown',
    delta        Nullable(Int64) COMMENT 'how far observed is off, in unit, never negative; NULL if unknown',
    cost_at_risk_minor Nullable(Int64) COMMENT 'what is lost if nobody acts, minor units of currency; NULL if unknown',
    currency     LowCardinality(String) COMMENT 'ISO 4217 currency of cost_at_risk_minor and priority_score; empty if unknown',
    probability_bp Int32 COMMENT 'probability of that loss if nobody acts, basis points; 10000 for a fact',
    avoidable_bp Int32 COMMENT 'share of it that acting can still save, basis points',
    urgency_bp   Int32 COMMENT 'how soon acting is needed, as of opened_at, basis points',
    priority_score Nullable(Int64) COMMENT 'cost at risk x probability x avoidable x urgency, as of opened_at, minor units of currency; NULL if the cost is unknown',
    priority     LowCardinality(String) COMMENT 'P1 to P4, as of opened_at: the order of work',
    deadline     DateTime64(6, 'UTC') COMMENT 'when acting no longer helps, UTC',
    act_by       DateTime64(6, 'UTC') COMMENT 'last responsible moment: deadline less what the best action takes, UTC',
    reasons      Array(String) COMMENT 'plain sentences with the numbers in them',
    evidence     Array(UInt64) COMMENT 'events the verdict stands on: values of events.event_hash, sorted',
    topic        LowCardinality(String) COMMENT 'Kafka topic of the record',
    partition    Int32 COMMENT 'Kafka partition of the record',
    offset       Int64 COMMENT 'Kafka offset of the record',
    record_time  DateTime64(6, 'UTC') COMMENT 'broker timestamp of the record, UTC',
    load_time    DateTime64(6, 'UTC') COMMENT 'when the row was inserted, ClickHouse''s clock, UTC'
)
AS
SELECT * FROM andon.exceptions
WHERE record_time > now() - INTERVAL 25 MONTH
ORDER BY record_time DESC, revision DESC
LIMIT 1 BY tenant, code, subject, episode, exception_id
COMMENT 'One row per exception: its latest revision. Conditions on tenant, code, subject, episode and exception_id are applied while reading; any other after the choice of the revision.'
