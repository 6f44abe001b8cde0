package event

import "strings"

// The key of a record is its event's subject, so that all events of one entity meet on one partition:
//
//	fulfillment.asn       despatch_id, or po_id where there is none (a receipt may know only its purchase order)
//	fulfillment.carrier   carrier + "/" + tracking_no
//	fulfillment.pickpack  fulfilment_id
//
// A correction carries the subject fields of what it retracts. A clock.tick has no key; its partition is set by hand.

// Key is the record key of e on its family's topic; empty when the subject fields are missing.
func (e *Event) Key(family Family) string {
	if e.Type == ClockTick {
		return ""
	}
	switch family {
	case ASN:
		if e.DespatchID != "" {
			return e.DespatchID
		}
		return e.POID
	case Carrier:
		if e.Carrier == "" || e.TrackingNo == "" {
			return ""
		}
		return e.Carrier + "/" + e.TrackingNo
	case PickPack:
		return e.FulfilmentID
	}
	return ""
}

// checkKey compares the record's key with the event's subject without building the latter.
func checkKey(family Family, key []byte, e *Event) *Reject {
	subject, rest := e.DespatchID, ""
	switch family {
	case ASN:
		if subject == "" {
			subject = e.POID
		}
	case Carrier:
		subject, rest = e.Carrier, e.TrackingNo
		if subject == "" || rest == "" || strings.Contains(subject, "/") {
			return missing("carrier (without a slash) and tracking_no")
		}
	case PickPack:
		subject = e.FulfilmentID
	}
	if subject == "" {
		return missing("the subject of its topic: despatch_id or po_id, carrier and tracking_no, fulfilment_id")
	}
	if len(key) == 0 {
		return &Reject{Reason: MissingKey}
	}
	if family == Carrier {
		if n := len(subject); len(key) != n+1+len(rest) || string(key[:n]) != subject || key[n] != '/' || string(key[n+1:]) != rest {
			return &Reject{Reason: WrongKey}
		}
		return nil
	}
	if string(key) != subject {
		return &Reject{Reason: WrongKey}
	}
	return nil
}
