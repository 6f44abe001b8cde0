package oip

import (
	"errors"

	"github.com/sony/gobreaker/v2"

	"andon/pipeline/wire"
	"andon/schemas/verdict"
)

// failure is a call without scores.
type failure struct {
	reason string // of package verdict
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// absent says whether the server answered that it has not the model we want. That is no failure of the server.
func absent(err error) bool {
	f, failed := errors.AsType[*failure](err)
	return failed && f.reason == verdict.ModelMissing
}

// reasonOf is why a call that ended in err has no scores. Of errors that name no reason the network is to blame, or the time.
func reasonOf(err error) string {
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return verdict.BreakerOpen
	}
	if f, failed := errors.AsType[*failure](err); failed {
		return f.reason
	}
	if mistakeIn(err) != nil {
		return verdict.ModelMissing
	}
	return verdict.Timeout
}

// mistakeIn is the mistake of a person that err comes of; nil if there is none.
func mistakeIn(err error) *wire.Error {
	mistake, _ := errors.AsType[*wire.Error](err)
	return mistake
}
