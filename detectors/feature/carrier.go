package feature

// carrier is asked for CA-05 and CA-03: at a scan, or when a shipment has been silent until a due time.
var carrier = Set{
	Name: "carrier", Version: 1, fill: fillCarrier,
	About: "a shipment on its way, at each scan and when it has been silent for too long (CA-03, CA-05)",
	Features: []Feature{
		caSlackS:           {"slack_s", "s", "time left until the promise, negative after it; missing without a promise", Needed},
		caPromisedS:        {"promised_s", "s", "from the beginning of the journey to the promise. A journey begins with the first scan by the carrier, and before that with its announcement", Keep},
		caElapsedFrac:      {"elapsed_frac", "", "part of that time that has gone by; missing when the promise lies before the beginning", Keep},
		caSinceManifestS:   {"since_manifest_s", "s", "since the shipment was announced: its first manifest or label scan", Keep},
		caSinceAcceptedS:   {"since_accepted_s", "s", "since the first scan that shows the carrier holding the goods", Keep},
		caFirstScanDelayS:  {"first_scan_delay_s", "s", "from the announcement to that scan", Keep},
		caGapS:             {"gap_s", "s", "since the latest scan, or before the first since the manifest", Keep},
		caGapRatio:         {"gap_ratio", "", "gap_s over the reference gap (q99) of carrier, service and status", Keep},
		caLastGapS:         {"last_gap_s", "s", "between the latest scan and the one before it, or the manifest", Keep},
		caLastGapRatio:     {"last_gap_ratio", "", "last_gap_s over the reference gap (q99) of the status it began with", Keep},
		caLongestGapS:      {"longest_gap_s", "s", "the longest time between two scans so far", Keep},
		caRemainingQ50S:    {"remaining_q50_s", "s", "reference time to delivery of carrier, service and the status of the latest scan (a manifest counts as LABEL_CREATED), median", Keep},
		caRemainingQ80S:    {"remaining_q80_s", "s", "the same, 80th percentile", Keep},
		caSlackQ50S:        {"slack_q50_s", "s", "slack_s less remaining_q50_s", Keep},
		caSlackQ80S:        {"slack_q80_s", "s", "slack_s less remaining_q80_s", Keep},
		caPromiseTightness: {"promise_tightness", "", "promised_s over the reference time (q50) from the status the journey began with to delivery", Keep},
		caScans:            {"scans", "", "carrier scans so far; of more than 32 a timeline forgets some", Keep},
		caHops:             {"hops", "", "arrivals at a facility so far", Keep},
		caMoves:            {"facility_changes", "", "scans at another facility than the last that named one", Keep},
		caStatusRank:       {"status_rank", "", "how far the shipment is: 1 announced, 2 accepted, 3 between facilities or at a border, 4 out for delivery, 5 ready for pick-up, 6 delivered, 7 refused or returned; 0 nothing tells", Keep},
		caExcDelayed:       {"exc_delayed", "", "scans that say it is delayed", Keep},
		caExcAttempt:       {"exc_attempt", "", "delivery attempts that failed", Keep},
		caExcAddress:       {"exc_address", "", "scans that say something is wrong with the address", Keep},
		caExcCustoms:       {"exc_customs", "", "scans that say it is held at a border", Keep},
		caExcDamage:        {"exc_damage", "", "scans that say it is damaged or lost", Keep},
		caExcReturn:        {"exc_return", "", "scans that say it is refused or goes back", Keep},
		caExcUnmapped:      {"exc_unmapped", "", "scans of a status nobody mapped", Keep},
		caEddRevs:          {"edd_revs", "", "how often the carrier changed its estimate of the delivery", Keep},
		caEddDriftS:        {"edd_drift_s", "s", "the latest estimate less the first", Keep},
		caEddSlackS:        {"edd_slack_s", "s", "the promise less the latest estimate", Keep},
		caHourOfWeekH:      {"hour_of_week_h", "h", "hour of the week of the instant judged, UTC: 0 begins on Monday at midnight", Keep},
		caHourOfDayH:       {"hour_of_day_h", "h", "hour of the day of that instant, UTC", Keep},
		caWeekendInPath:    {"weekend_in_path", "d", "Saturdays and Sundays (UTC) from the instant judged to the promise", Keep},
		caServiceClass:     {"service_class", "", "speed the service is sold for: 1 express, 2 ground or not said, 3 economy", Keep},
		caServiceQ50S:      {"service_q50_s", "s", "the reference time (q50) from acceptance to delivery of carrier and service", Keep},
		caWeightG:          {"weight_g", "g", "gross weight the manifest states", Keep},
	},
}

// The places of the features.
const (
	caSlackS = iota
	caPromisedS
	caElapsedFrac
	caSinceManifestS
	caSinceAcceptedS
	caFirstScanDelayS
	caGapS
	caGapRatio
	caLastGapS
	caLastGapRatio
	caLongestGapS
	caRemainingQ50S
	caRemainingQ80S
	caSlackQ50S
	caSlackQ80S
	caPromiseTightness
	caScans
	caHops
	caMoves
	caStatusRank
	caExcDelayed
	caExcAttempt
	caExcAddress
	caExcCustoms
	caExcDamage
	caExcReturn
	caExcUnmapped
	caEddRevs
	caEddDriftS
	caEddSlackS
	caHourOfWeekH
	caHourOfDayH
	caWeekendInPath
	caServiceClass
	caServiceQ50S
	caWeightG
)
