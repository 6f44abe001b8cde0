CREATE VIEW IF NOT EXISTS andon.verdicts_current
(
    tenant        LowCardinality(String) COMMENT 'tenant the judgement belongs to',
    code          LowCardinality(String) COMMENT 'code of the rule, e.g. CA-05, or of the risk, e.g. pick_short_risk: a risk raises no exception',
    subject       String COMMENT 'the entity it is about: key of its events; events.subject joins it',
    episode       String COMMENT 'the obligation within the subject',
    judged_at     DateTime64(6, 'UTC') COMMENT 'event time of the fact or due time that was judged, UTC',
    verdict_id    String COMMENT 'names (tenant, code, subject, episode, judged_at): 32 hexadecimal digits',
    site          LowCardinality(String) COMMENT 'building; empty if not known',
    detected_at   DateTime64(6, 'UTC') COMMENT 'time of the judging lane then, UTC',
    rule          LowCardinality(String) COMMENT 'code and version of the rule''s logic, e.g. CA-05/1',
    rule_says     LowCardinality(String) COMMENT 'what the rule alone would decide: raise, no or abstains',
    rule_missing  LowCardinality(String) COMMENT 'what a rule that abstains lacks; else empty',
    mode          LowCardinality(String) COMMENT 'of the code''s policy: off, shadow, canary or live',
    canary_bp     Int32 COMMENT 'share of the entities the model decides for in mode canary, basis points; 0 in other modes',
    bundle        LowCardinality(String) COMMENT 'model asked for, name@version; empty if none',
    model         LowCardinality(String) COMMENT 'model file that answered: the first 16 digits of its SHA-256; empty if none did',
    score         Nullable(Float64) COMMENT 'the model''s answer, a probability from 0 to 1; NULL if there is none',
    reason        LowCardinality(String) COMMENT 'why there is no score though a model was asked, e.g. timeout; else empty',
    threshold_bp  Int32 COMMENT 'the model raises from this score on, basis points; 0 if none was asked',
    decided_by    LowCardinality(String) COMMENT 'who decided: rule, model, or fallback (the rule in the place of a model without a score)',
    raised        Bool COMMENT 'what was decided',
    selection     LowCardinality(String) COMMENT 'why it is recorded: the rule, the model or both raised, or a sample',
    propensity_bp Int32 COMMENT 'probability with which such a judgement is recorded, basis points; 10000 unless a sample',
    features      LowCardinality(String) COMMENT 'feature set, e.g. carrier/1; empty if none was computed',
    `values`      Array(Nullable(Float64)) COMMENT 'values of the features, in the order and units of the set; NULL where one is missing',
    exception_id  String COMMENT 'exception decided about, 32 hexadecimal digits; empty for a risk, and where there is none',
    topic         LowCardinality(String) COMMENT 'Kafka topic of the record',
    partition     Int32 COMMENT 'Kafka partition of the record',
    offset        Int64 COMMENT 'Kafka offset of the record',
    record_time   DateTime64(6, 'UTC') COMMENT 'broker timestamp of the record, UTC',
    load_time     DateTime64(6, 'UTC') COMMENT 'when the row was inserted, ClickHouse''s clock, UTC'
)
AS
SELECT * FROM andon.verdicts
WHERE record_time > now() - INTERVAL 25 MONTH
ORDER BY tenant, code, subject, episode, judged_at, verdict_id, offset DESC
LIMIT 1 BY tenant, code, subject, episode, judged_at, verdict_id
COMMENT 'One row per judgement: the latest of its verdict_id. Conditions on tenant, code, subject, episode, judged_at and verdict_id are applied while reading; any other after the choice of the latest.'
