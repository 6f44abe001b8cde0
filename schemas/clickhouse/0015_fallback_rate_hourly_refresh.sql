-- Made anew from the judgements that hold rather than added to by inserts: one that is sent again or judged anew would be added twice.
CREATE MATERIALIZED VIEW IF NOT EXISTS andon.fallback_rate_hourly_refresh
REFRESH EVERY 5 MINUTE TO andon.fallback_rate_hourly
AS
SELECT
    tenant, code, bundle, mode, hour, count() AS recorded, sum(weight) AS judged,
    sumIf(weight, decided_by = 'rule') AS by_rule, sumIf(weight, decided_by = 'model') AS by_model, sumIf(weight, decided_by = 'fallback') AS by_fallback,
    by_fallback / nullIf(by_fallback + by_model, 0) AS fallback_rate,
    sumIf(weight, reason != '') AS unscored, mapFilter((name, n) -> name != '', sumMap(map(reason, weight))) AS reasons,
    sumIf(weight, raised_here) AS raised
FROM
(
    SELECT tenant, code, bundle, mode, toStartOfHour(toDateTime(judged_at, 'UTC')) AS hour, toString(reason) AS reason, decided_by, raised AS raised_here,
        10000 / greatest(propensity_bp, 1) AS weight
    FROM andon.verdicts_current
)
GROUP BY tenant, code, bundle, mode, hour
COMMENT 'Fills fallback_rate_hourly every 5 minutes; SYSTEM REFRESH VIEW does it at once.'
