package simulate

import "strconv"

// The size of the world.
const (
	suppliers = 40
	items     = 20_000
)

var (
	sites    = [...]string{"DC-NORTH", "DC-EAST", "DC-SOUTH"}
	carriers = [...]string{"ARROWPOST", "BLUELINE", "CROSSWIND", "DAYBREAK", "EVERWAY"}
	services = [...]string{"EXPRESS-NEXT-DAY", "GROUND-TWO-DAY", "GROUND-THREE-DAY", "ECONOMY-SAVER"}
	hubs     = [...]string{"HUB-ALPHA", "HUB-BRAVO", "HUB-CHARLIE", "HUB-DELTA", "HUB-ECHO", "HUB-FOXTROT", "HUB-GOLF"}
)

// name is a prefix and a number of at least eight digits.
func name(prefix string, n int) string {
	digits := strconv.Itoa(100_000_000 + n)
	return prefix + digits[1:]
}

func sku(item int) string { return name("SKU-", item*7919%100_000_000) }

func lot(item int) string { return "LOT-" + strconv.Itoa(20260100+item%300) }

func wms(site int) string { return "warehouse-system-" + sites[site] }

func uom(weighed bool) string {
	if weighed {
		return "KGM"
	}
	return "H87"
}

// gtin is a GTIN-14 with its check digit: weights 3 and 1 from the right, to the next ten.
func gtin(item int) string {
	digits := []byte("0950110" + strconv.Itoa(1_000_000 + item)[1:])
	sum := 0
	for i, c := range digits {
		weight := 3
		if i%2 == 1 {
			weight = 1
		}
		sum += int(c-'0') * weight
	}
	return string(append(digits, byte('0'+(10-sum%10)%10)))
}

// cost is what one piece of an item costs, in minor units of a currency; of one item in eight nobody knows it.
func cost(item int) (minor int64, currency string) {
	if item%8 == 0 {
		return 0, ""
	}
	return 150 + int64(item)*7919%9000, "USD"
}
