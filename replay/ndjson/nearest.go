package ndjson

import "strings"

// others are names that other systems use for what an event calls otherwise, folded.
var others = map[string]string{
	"quantity": "qty_milli", "qty": "qty_milli", "count": "qty_milli", "units": "qty_milli", "rejectedquantity": "rejected_qty_milli", "rejectedqty": "rejected_qty_milli",
	"timestamp": "event_time", "time": "event_time", "occurredat": "event_time", "datetime": "event_time", "ts": "event_time", "date": "event_time",
	"id": "event_id", "uuid": "event_id", "messageid": "event_id", "eventtype": "type", "kind": "type",
	"trackingnumber": "tracking_no", "tracking": "tracking_no", "awb": "tracking_no", "carriercode": "carrier", "scac": "carrier",
	"fulfillmentid": "fulfilment_id", "ordernumber": "order_id", "orderno": "order_id", "order": "order_id",
	"asn": "despatch_id", "asnid": "despatch_id", "asnno": "despatch_id", "shipmentid": "despatch_id", "dispatchid": "despatch_id", "purchaseorder": "po_id", "pono": "po_id", "ponumber": "po_id",
	"warehouse": "site", "warehouseid": "site", "dc": "site", "location": "site", "siteid": "site",
	"item": "sku", "itemid": "sku", "itemno": "sku", "product": "sku", "productid": "sku", "material": "sku", "ean": "gtin", "upc": "gtin", "barcode": "gtin",
	"batch": "lot", "lotno": "lot", "unit": "uom", "unitofmeasure": "uom", "weight": "weight_g", "weightkg": "weight_g",
	"lineno": "line", "linenumber": "line", "lineid": "line", "items": "lines", "orderlines": "lines", "orderline": "line",
	"promise": "promise_deliver_by", "promiseddelivery": "promise_deliver_by", "duedate": "promise_deliver_by", "shipdate": "ship_by",
	"cartonid": "carton_id", "packageid": "carton_id", "service": "service_code", "hub": "facility", "price": "unit_cost_minor", "unitcost": "unit_cost_minor", "freight": "freight_minor",
	"retracts": "retracts_event_id",
}

// nearest is the known name that a name was probably meant to be; empty when there is none.
func nearest(name string, known []string) string {
	folded := fold(name)
	for _, k := range known {
		if fold(k) == folded || others[folded] == k {
			return k
		}
	}
	best, within := "", max(1, len(folded)/4)
	for _, k := range known {
		if d := distance(folded, fold(k)); d <= within {
			best, within = k, d-1
		}
	}
	return best
}

// fold drops what spellings differ in: case, dots, dashes, underscores.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// distance is how many bytes must be put in, taken out or changed to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0]++
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
