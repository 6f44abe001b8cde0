-- Made anew from the costs that count rather than added to by inserts: a cost sent again, corrected or withdrawn would be added twice. A decimal is
-- an integer of millionths, so sums are exact.
CREATE MATERIALIZED VIEW IF NOT EXISTS andon.cost_per_order_daily_refresh
REFRESH EVERY 5 MINUTE TO andon.cost_per_order_daily
AS
WITH
    facts AS
    (
        SELECT
            tenant, toDate(incurred_at) AS day, site, currency, basis, amount_micro IS NULL AS unknown, component != 'receiving_labour' AS direct,
            component = 'pick_labour' AS pick, component = 'pack_labour' AS pack, component = 'material' AS box, component = 'freight' AS freight,
            toDecimal128(amount_micro, 6) / 1000000 AS amount, qty_milli,
            (order_id, if(order_id = '', subject, '')) AS of_order, direct AND (order_id != '' OR NOT freight) AS has_order
        FROM andon.costs_current
    ),
    sums AS
    (
        SELECT
            tenant, day, site, currency,
            uniqExactStateIf(of_order, has_order) AS order_ids, countIf(pick) AS lines, sumIf(qty_milli, pick) AS units_milli, countIf(freight) AS shipments,
            sumIf(amount, pick) AS pick_labour_minor, sumIf(amount, pack) AS pack_labour_minor, sumIf(amount, box) AS material_minor,
            sumIf(amount, freight) AS freight_minor, sumIf(amount, direct) AS total_minor,
            countIf(direct AND NOT unknown AND basis = 'measured') AS measured, countIf(direct AND NOT unknown AND basis = 'assumed') AS assumed,
            countIf(pick AND unknown) AS pick_labour_unknown, countIf(pack AND unknown) AS pack_labour_unknown,
            countIf(box AND unknown) AS material_unknown, countIf(freight AND unknown) AS freight_unknown,
            countIf(NOT direct) AS receipt_lines, sumIf(amount, NOT direct) AS receiving_minor,
            countIf(NOT direct AND NOT unknown AND basis = 'measured') AS receiving_measured,
            countIf(NOT direct AND NOT unknown AND basis = 'assumed') AS receiving_assumed,
            countIf(NOT direct AND unknown) AS receiving_unknown
        FROM facts
        GROUP BY tenant, day, site, currency
    )
SELECT
    tenant, day, site, currency,
    uniqExactMerge(order_ids) OVER place AS orders, sum(s.lines) OVER place AS lines, sum(s.units_milli) OVER place AS units_milli,
    sum(s.shipments) OVER place AS shipments,
    pick_labour_minor, pack_labour_minor, material_minor, freight_minor, total_minor,
    total_minor / nullIf(orders, 0) AS per_order_minor, total_minor / nullIf(lines, 0) AS per_line_minor,
    total_minor * 1000 / nullIf(units_milli, 0) AS per_unit_minor, total_minor / nullIf(shipments, 0) AS per_shipment_minor,
    measured, assumed,
    sum(s.pick_labour_unknown) OVER place AS pick_labour_unknown, sum(s.pack_labour_unknown) OVER place AS pack_labour_unknown,
    sum(s.material_unknown) OVER place AS material_unknown, sum(s.freight_unknown) OVER place AS freight_unknown,
    sum(s.receipt_lines) OVER place AS receipt_lines, receiving_minor, receiving_minor / nullIf(receipt_lines, 0) AS per_receipt_line_minor,
    receiving_measured, receiving_assumed, sum(s.receiving_unknown) OVER place AS receiving_unknown
FROM sums AS s
WINDOW place AS (PARTITION BY tenant, day, site)
QUALIFY currency != '' OR count() OVER place = 1
COMMENT 'Fills cost_per_order_daily every 5 minutes; SYSTEM REFRESH VIEW does it at once.'
