package datasets

import (
	"fmt"
	"strconv"

	"andon/schemas/event"
)

const cargoCarrier = "CARGO2000"

// cargoStart and cargoStride give shipments a beginning: the file has durations only. Row n begins n strides after the start.
const (
	cargoStart  = event.Micros(1_388_534_400) * event.Second // 2014-01-01T00:00:00Z
	cargoStride = 4 * event.Hour
)

// cargo2000 reads shipments of air freight: one to three inbound legs that meet at a hub, and one outbound. Planned and effective minutes of each
// milestone add up along a leg; the outbound leg begins when the last inbound one is delivered. The promise is the planned end of the whole. Each
// milestone is a scan, and brings an estimate: the plan of what is left, moved by the delay so far. A milestone of 0 minutes of both is not there.
func cargo2000(dir string, s *Set) error {
	s.Settings.Rules = map[string]map[string]int64{"CA-04": {"grace_s": 0}}
	return s.read(dir, table{file: "c2k_data_comma.csv"}, func(r *row) {
		var inbound []cargoLeg
		for _, prefix := range []string{"i1_", "i2_", "i3_"} {
			if l := r.leg(prefix); len(l.steps) > 0 {
				inbound = append(inbound, l)
			}
		}
		outbound := r.leg("o_")
		if len(inbound) == 0 || len(outbound.steps) == 0 {
			r.fail("legs", "no inbound or no outbound leg")
		}
		if r.err == nil {
			s.cargo(strconv.Itoa(r.number), cargoStart+event.Micros(r.number)*cargoStride, inbound, outbound)
		}
	})
}

// cargoLeg is the milestones of one leg, with planned and effective time since its beginning.
type cargoLeg struct{ steps []cargoStep }

type cargoStep struct {
	name, place   string
	planned, took event.Micros
}

func (l *cargoLeg) last() cargoStep { return l.steps[len(l.steps)-1] }

// leg reads the milestones RCS, DEP and RCF up to three times, and DLV.
func (r *row) leg(prefix string) (l cargoLeg) {
	var at cargoStep
	add := func(name, place string) {
		planned, took := r.minutes(prefix+name+"_p"), r.minutes(prefix+name+"_e")
		if planned == 0 && took == 0 {
			return
		}
		at.planned, at.took = at.planned+planned, at.took+took
		if at.name, at.place = name[:3], ""; place != "" {
			at.place = r.text(prefix + place)
		}
		l.steps = append(l.steps, at)
	}
	add("rcs", "")
	for hop := 1; hop <= 3; hop++ {
		add(fmt.Sprint("dep_", hop), fmt.Sprintf("dep_%d_place", hop))
		add(fmt.Sprint("rcf_", hop), fmt.Sprintf("rcf_%d_place", hop))
	}
	add("dlv", "")
	return l
}

// minutes is a whole number of minutes; "?" stands for none.
func (r *row) minutes(column string) event.Micros {
	text := r.text(column)
	if text == "" || text == "?" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		r.fail(column, fmt.Sprintf("%q is no number of minutes", text))
	}
	return event.Micros(n) * event.Minute
}

// cargo tells a shipment's story.
func (s *Set) cargo(number string, begins event.Micros, inbound []cargoLeg, outbound cargoLeg) {
	var met, planned event.Micros // when the inbound legs are there, and should be
	for i := range inbound {
		met, planned = max(met, inbound[i].last().took), max(planned, inbound[i].last().planned)
	}
	parcel := event.Event{Carrier: cargoCarrier, TrackingNo: "C" + number}
	manifested := parcel
	manifested.ID, manifested.Type, manifested.Time = "ca-manifested-"+number, event.ShipmentManifested, begins
	manifested.OrderID, manifested.PromiseDeliverBy = parcel.TrackingNo, begins+planned+outbound.last().planned
	s.add(event.Carrier, manifested)

	for i := range inbound {
		for k, step := range inbound[i].steps {
			at := begins + step.took
			s.milestone(parcel, fmt.Sprintf("%s-%d-%d", number, i+1, k), inboundStatus[step.name], step.place, at, begins+estimate(inbound, step.took)+outbound.last().planned)
		}
	}
	for k, step := range outbound.steps {
		left := outbound.last().planned - step.planned
		status := outboundStatus[step.name]
		if step.name == "rcf" && k+2 == len(outbound.steps) { // at its last airport
			status = event.OutForDelivery
		}
		if at := begins + met + step.took; status == event.Delivered {
			s.milestone(parcel, fmt.Sprintf("%s-o-%d", number, k), status, step.place, at, 0)
		} else {
			s.milestone(parcel, fmt.Sprintf("%s-o-%d", number, k), status, step.place, at, at+left)
		}
	}
}

var (
	inboundStatus  = map[string]event.Status{"rcs": event.Accepted, "dep": event.DepartedFacility, "rcf": event.ArrivedFacility, "dlv": event.ArrivedFacility}
	outboundStatus = map[string]event.Status{"rcs": event.InTransit, "dep": event.InTransit, "rcf": event.InTransit, "dlv": event.Delivered}
)

// estimate is when the inbound legs should all be there, by what has happened until an instant, both since the beginning.
func estimate(inbound []cargoLeg, now event.Micros) (there event.Micros) {
	for i := range inbound {
		expected := inbound[i].last().planned
		for _, step := range inbound[i].steps {
			if step.took <= now {
				expected = step.took + inbound[i].last().planned - step.planned
			}
		}
		there = max(there, expected, now)
	}
	return there
}

// milestone adds a scan, and with it the estimate, where there is one.
func (s *Set) milestone(parcel event.Event, name string, status event.Status, place string, at, expected event.Micros) {
	scan := parcel
	scan.ID, scan.Type, scan.Time, scan.Status, scan.Facility = "ca-scan-"+name, event.CarrierScan, at, status, place
	s.add(event.Carrier, scan)
	if expected != 0 {
		eta := parcel
		eta.ID, eta.Type, eta.Time, eta.ETA = "ca-eta-"+name, event.CarrierETA, at, expected
		s.add(event.Carrier, eta)
	}
}
