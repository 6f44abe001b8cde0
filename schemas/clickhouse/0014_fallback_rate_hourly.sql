CREATE TABLE IF NOT EXISTS andon.fallback_rate_hourly
(
    tenant        LowCardinality(String) COMMENT 'tenant',
    code          LowCardinality(String) COMMENT 'contested code or risk, e.g. CA-05',
    bundle        LowCardinality(String) COMMENT 'model asked for, name@version; empty where none is',
    mode          LowCardinality(String) COMMENT 'off, shadow, canary or live',
    hour          DateTime('UTC') COMMENT 'UTC hour of verdicts.judged_at',
    recorded      UInt64 COMMENT 'judgements in verdicts_current',
    judged        Float64 COMMENT 'judgements made, estimated: each recorded one counts 10000 / propensity_bp',
    by_rule       Float64 COMMENT 'of judged, decided by the rule as the policy says',
    by_model      Float64 COMMENT 'of judged, decided by the model',
    by_fallback   Float64 COMMENT 'of judged, decided by the rule in the place of a model without a score',
    fallback_rate Nullable(Float64) COMMENT 'by_fallback / (by_fallback + by_model), 0 to 1; NULL where the model had nothing to decide',
    unscored      Float64 COMMENT 'of judged, those without a score though a model was asked: in mode shadow the only sign of a failing one',
    reasons       Map(String, Float64) COMMENT 'unscored by reason, e.g. reasons[\'timeout\']',
    raised        Float64 COMMENT 'of judged, those raised'
)
ENGINE = MergeTree
ORDER BY (tenant, code, bundle, mode, hour)
COMMENT 'How contested codes were decided, hour by hour, made of verdicts_current every 5 minutes.'
