CREATE TABLE IF NOT EXISTS andon.cost_per_order_daily
(
    tenant              LowCardinality(String) COMMENT 'tenant',
    day                 Date COMMENT 'UTC day of costs.incurred_at: an order worked on two days counts on both',
    site                LowCardinality(String) COMMENT 'building as the costs state it; empty if not stated',
    currency            LowCardinality(String) COMMENT 'ISO 4217 currency of the amounts; empty where no price of the day and site is known',
    orders              UInt64 COMMENT 'orders with a direct cost, in any currency or unknown; without an order id the fulfilment stands for it',
    lines               UInt64 COMMENT 'order lines picked, in any currency or unknown',
    units_milli         Int64 COMMENT 'units picked, thousandths of the base unit, in any currency or unknown',
    shipments           UInt64 COMMENT 'shipments, in any currency or unknown',
    pick_labour_minor   Nullable(Decimal(38, 6)) COMMENT 'known cost of picking, minor units of currency; NULL if none is known',
    pack_labour_minor   Nullable(Decimal(38, 6)) COMMENT 'known cost of packing, minor units of currency; NULL if none is known',
    material_minor      Nullable(Decimal(38, 6)) COMMENT 'known cost of material, minor units of currency; NULL if none is known',
    freight_minor       Nullable(Decimal(38, 6)) COMMENT 'known cost of freight, minor units of currency; NULL if none is known',
    total_minor         Nullable(Decimal(38, 6)) COMMENT 'sum of the four: the direct cost as far as it is known, minor units of currency',
    per_order_minor     Nullable(Decimal(38, 6)) COMMENT 'total_minor / orders, cut to millionths; NULL without orders',
    per_line_minor      Nullable(Decimal(38, 6)) COMMENT 'total_minor / lines, cut to millionths; NULL without lines',
    per_unit_minor      Nullable(Decimal(38, 6)) COMMENT 'total_minor / units, cut to millionths; NULL without units',
    per_shipment_minor  Nullable(Decimal(38, 6)) COMMENT 'total_minor / shipments, cut to millionths; NULL without shipments',
    measured            UInt64 COMMENT 'direct costs in total_minor priced by measured quantities',
    assumed             UInt64 COMMENT 'direct costs in total_minor priced by standard quantities',
    pick_labour_unknown UInt64 COMMENT 'lines whose cost is unknown, of the day and site: they have no currency',
    pack_labour_unknown UInt64 COMMENT 'cartons whose packing cost is unknown, of the day and site',
    material_unknown    UInt64 COMMENT 'cartons whose material cost is unknown, of the day and site',
    freight_unknown     UInt64 COMMENT 'shipments whose freight is unknown, of the day and site',
    receipt_lines       UInt64 COMMENT 'receipt lines, in any currency or unknown',
    receiving_minor     Nullable(Decimal(38, 6)) COMMENT 'known cost of receiving, in no order''s total, minor units of currency; NULL if none is known',
    per_receipt_line_minor Nullable(Decimal(38, 6)) COMMENT 'receiving_minor / receipt_lines, cut to millionths; NULL without receipt lines',
    receiving_measured  UInt64 COMMENT 'receipt lines in receiving_minor priced by measured quantities',
    receiving_assumed   UInt64 COMMENT 'receipt lines in receiving_minor priced by standard quantities',
    receiving_unknown   UInt64 COMMENT 'receipt lines whose cost is unknown, of the day and site'
)
ENGINE = MergeTree
ORDER BY (tenant, day, site, currency)
COMMENT 'Direct cost per order by day, site and currency, made of costs_current every 5 minutes. Rows of one day and site differ in currency only and share their counts: add up amounts of one currency, never counts over currencies.'
