package clickhouse

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// The text of a value is the same bytes whether this process writes it or the server does, and tells any two values of a column apart, also among
// the texts of other columns: so the hash of a row's texts is the hash of all it says.

// appendText appends the text of a column's value: a string after its length, a number or an instant in microseconds before a comma, a
// float as the number its bits are, - where it is unknown.
func appendText[V any](b []byte, v V) []byte {
	switch v := any(v).(type) {
	case string:
		b = strconv.AppendInt(b, int64(len(v)), 10)
		return append(append(b, ':'), v...)
	case bool:
		b = strconv.AppendBool(b, v)
	case int32:
		b = strconv.AppendInt(b, int64(v), 10)
	case int64:
		b = strconv.AppendInt(b, v, 10)
	case uint64:
		b = strconv.AppendUint(b, v, 10)
	case time.Time:
		b = strconv.AppendInt(b, v.UnixMicro(), 10)
	case float64:
		b = strconv.AppendUint(b, math.Float64bits(v), 10)
	case *float64:
		if v == nil {
			return append(b, "-,"...)
		}
		b = strconv.AppendUint(b, math.Float64bits(*v), 10)
	case *int64:
		if v == nil {
			return append(b, "-,"...)
		}
		b = strconv.AppendInt(b, *v, 10)
	case *time.Time:
		if v == nil {
			return append(b, "-,"...)
		}
		b = strconv.AppendInt(b, v.UnixMicro(), 10)
	default:
		panic(fmt.Sprintf("clickhouse: no text for %T", v)) // a column of a new type: a mistake in the lists of fields
	}
	return append(b, ',')
}

// appendTexts appends how many there are and the text of each.
func appendTexts[V any](b []byte, list []V) []byte {
	b = append(strconv.AppendInt(b, int64(len(list)), 10), ':')
	for _, v := range list {
		b = appendText(b, v)
	}
	return b
}

// textSQL is the expression of the text of x, a column of V or an element of one.
func textSQL[V any](x string) string {
	var v V
	switch any(v).(type) {
	case string:
		return "concat(toString(length(" + x + ")), ':', " + x + ")"
	case time.Time:
		return "concat(toString(toUnixTimestamp64Micro(" + x + ")), ',')"
	case float64:
		return "concat(toString(reinterpretAsUInt64(" + x + ")), ',')"
	case *float64:
		return "concat(if(isNull(" + x + "), '-', toString(reinterpretAsUInt64(assumeNotNull(" + x + ")))), ',')"
	case *int64:
		return "concat(ifNull(toString(" + x + "), '-'), ',')"
	case *time.Time:
		return "concat(ifNull(toString(toUnixTimestamp64Micro(" + x + ")), '-'), ',')"
	default:
		return "concat(toString(" + x + "), ',')"
	}
}

// textsSQL likewise of a column of arrays.
func textsSQL[V any](x string) string {
	return "concat(toString(length(" + x + ")), ':', arrayStringConcat(arrayMap(x -> " + textSQL[V]("x") + ", " + x + ")))"
}
