package event

import "strings"

// check says whether a parsed event is one that rules may see: known type, on its topic, all needed fields, believable values, right key.
func check(family Family, key []byte, e *Event) *Reject {
	if e.Type == Unknown {
		return &Reject{Reason: UnknownType}
	}
	if !family.Of(e.Type) {
		return &Reject{WrongTopic, e.Type.String() + " on the " + family.String() + " topic"}
	}
	if r := checkTimes(e); r != nil {
		return r
	}
	if e.Type == ClockTick {
		return nil
	}
	if r := checkFields(e); r != nil {
		return r
	}
	if r := checkValues(e); r != nil {
		return r
	}
	return checkKey(family, key, e)
}

func checkTimes(e *Event) *Reject {
	switch invalidTime {
	case e.Time:
		return impossible("event_time")
	case e.PromiseDeliverBy:
		return impossible("promise_deliver_by")
	case e.ShipBy:
		return impossible("ship_by")
	case e.ETA:
		return impossible("eta")
	default:
	}
	if e.Time == 0 {
		return missing("event_time")
	}
	return nil
}

func impossible(name string) *Reject {
	return &Reject{ImpossibleDate, name + " is no RFC 3339 UTC time between 1990 and 2100"}
}

func missing(name string) *Reject { return &Reject{MissingField, name} }

// checkFields holds what each type cannot do without, beyond event_id, type, event_time and its key.
func checkFields(e *Event) *Reject {
	if e.ID == "" {
		return missing("event_id")
	}
	switch e.Type {
	case Correction:
		if e.Retracts == "" {
			return missing("retracts_event_id")
		}
	case ASNDespatched:
		if len(e.Lines) == 0 {
			return missing("lines")
		}
	case ReceiptLine:
		if e.Item() == "" {
			return missing("sku or gtin")
		}
	case CarrierScan:
		if e.Status == NoStatus {
			return missing("status")
		}
	case CarrierETA:
		if e.ETA == 0 {
			return missing("eta")
		}
	case PickConfirmed, PickShorted, PackItem:
		if e.Line == "" {
			return missing("line")
		}
	}
	return nil
}

func checkValues(e *Event) *Reject {
	if len(e.Lines) > MaxLines {
		return &Reject{Reason: TooManyLines}
	}
	if e.Purpose == unknownName || e.Condition == unknownName || e.Revision < 0 {
		return &Reject{WrongSchema, "purpose, condition or revision outside its list"}
	}
	if strings.IndexByte(e.Tenant, 0) >= 0 {
		return &Reject{WrongSchema, "tenant holds a NUL"}
	}
	if badQty(e.QtyMilli) || badQty(e.RejectedQtyMilli) || e.RejectedQtyMilli > e.QtyMilli || badQty(e.WeightG) {
		return &Reject{Reason: ImpossibleQuantity}
	}
	if badCost(e.FreightMinor) || badCost(e.DeclaredValueMinor) {
		return &Reject{ImpossibleQuantity, "freight_minor or declared_value_minor"}
	}
	if e.FreightMinor+e.DeclaredValueMinor > 0 && e.Currency == "" {
		return missing("currency")
	}
	for i := range e.Lines {
		l := &e.Lines[i]
		if l.Line == "" || l.Item() == "" {
			return missing("lines[].line and lines[].sku or gtin")
		}
		if badQty(l.QtyMilli) || badCost(l.UnitCostMinor) {
			return &Reject{ImpossibleQuantity, "line " + l.Line}
		}
		if l.UnitCostMinor > 0 && l.Currency == "" {
			return missing("lines[].currency")
		}
	}
	return nil
}

func badQty(milli int64) bool { return milli < 0 || milli > MaxQtyMilli }

func badCost(minor int64) bool { return minor < 0 || minor > MaxCostMinor }
