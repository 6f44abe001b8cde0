CREATE VIEW IF NOT EXISTS andon.decisions_current
(
    tenant          LowCardinality(String) COMMENT 'tenant of the item',
    item_id         String COMMENT 'what was decided about: exceptions.exception_id or verdicts.verdict_id joins it',
    decision_id     String COMMENT 'names (tenant, item_id, idempotency_key): 32 hexadecimal digits',
    item_kind       LowCardinality(String) COMMENT 'exception or verdict',
    code            LowCardinality(String) COMMENT 'code of the item, e.g. CA-05',
    subject         String COMMENT 'the entity the item is about: key of its events; events.subject joins it',
    verdict         LowCardinality(String) COMMENT 'confirmed or false_alarm, which are labels; unsure or duplicate, which are none',
    cause           String COMMENT 'why it came about, in the words of who decided; empty if not stated',
    reviewer        LowCardinality(String) COMMENT 'who decided',
    decided_at      DateTime64(6, 'UTC') COMMENT 'when, by the writer''s clock, UTC',
    source          LowCardinality(String) COMMENT 'what it stands on: triage, carrier_outcome, auto or simulate',
    selection       LowCardinality(String) COMMENT 'why just this item was looked at: rule, ml or random',
    propensity_bp   Int32 COMMENT 'probability with which such an item is looked at, basis points; 10000 unless random',
    revision_seen   Int32 COMMENT 'revision of the exception that was looked at; 0 if not known, and for a verdict',
    idempotency_key String COMMENT 'the writer''s own name for the decision',
    note            String COMMENT 'what else was said; empty if nothing',
    topic           LowCardinality(String) COMMENT 'Kafka topic of the record',
    partition       Int32 COMMENT 'Kafka partition of the record',
    offset          Int64 COMMENT 'Kafka offset of the record',
    record_time     DateTime64(6, 'UTC') COMMENT 'broker timestamp of the record, UTC',
    load_time       DateTime64(6, 'UTC') COMMENT 'when the row was inserted, ClickHouse''s clock, UTC'
)
AS
SELECT * FROM andon.decisions
WHERE record_time > now() - INTERVAL 25 MONTH
ORDER BY tenant, item_id, record_time DESC, offset DESC
LIMIT 1 BY tenant, item_id
COMMENT 'One row per item: its latest decision. Of two people who looked at one item decisions has both. Conditions on tenant and item_id are applied while reading; any other after the choice of the latest.'
