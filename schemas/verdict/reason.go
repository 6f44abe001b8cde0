package verdict

// Why a judgement has no score, though a model was asked. The names are part of the wire contract of andon.verdicts.
const (
	Timeout       = "timeout"        // no answer in the time there is: the scorer is slow, does not answer, or cannot be reached
	BreakerOpen   = "breaker_open"   // not asked: of the latest calls too many gave no scores
	ModelMissing  = "model_missing"  // there is no such model, not in this version, or it is refused to us
	ModelStale    = "model_stale"    // the model is older than its policy allows
	BadOutput     = "bad_output"     // an answer that is no probability: an error, another shape, NaN, or outside [0, 1]
	LowCoverage   = "low_coverage"   // a feature the model needs is missing
	GuardGolden   = "guard_golden"   // the guard of golden rows is open
	GuardFeatures = "guard_features" // likewise of features computed again
	GuardDrift    = "guard_drift"    // likewise of the distributions of features and scores
	GuardLabels   = "guard_labels"   // likewise of what people decided
	GuardSilent   = "guard_silent"   // the guard's last word is too old: nobody watches the model
	LoadShed      = "load_shed"      // not asked: the beat had no time left
)
