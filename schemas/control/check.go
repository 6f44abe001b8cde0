package control

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"

	"andon/schemas/check"
	"andon/schemas/exception"
	"andon/schemas/verdict"
)

// whole is all, in basis points.
const whole = 10_000

// Check returns what is wrong with a record by itself and how to mend it, nil when nothing is. Whether its code is known, its bundle is
// registered and its version is the next one, the writer checks.
func (r *Record) Check() error {
	if err := r.checkKind(); err != nil {
		return err
	}
	switch {
	case r.Author == "":
		return errors.New("author is missing: who wrote the record")
	case r.Object != r.Name():
		return fmt.Errorf("object is %q, what the record says is about %q: leave it out", r.Object, r.Name())
	case r.Version < 1:
		return fmt.Errorf("version is %d: 1, then one more with each record of the object", r.Version)
	}
	switch r.Kind {
	case KindPolicy:
		return r.checkPolicy()
	case KindBundle:
		return r.checkBundle()
	case KindGuard:
		return r.Guard.check()
	case KindSettings:
		if !bytes.HasPrefix(bytes.TrimSpace(r.Settings), []byte("{")) {
			return errors.New("settings is no object: what stands under settings in the configuration, as JSON")
		}
	}
	return nil
}

// checkKind refuses a record that does not have just the member of its kind.
func (r *Record) checkKind() error {
	has := map[Kind]bool{KindPolicy: r.Policy != nil, KindBundle: r.Bundle != nil, KindGuard: r.Guard != nil, KindSettings: len(r.Settings) > 0}
	if is, known := has[r.Kind]; !known {
		return check.Among("kind", r.Kind, KindPolicy, KindBundle, KindGuard, KindSettings)
	} else if !is {
		return fmt.Errorf("%s is missing: a record of kind %s has it", r.Kind, r.Kind)
	}
	for _, kind := range []Kind{KindPolicy, KindBundle, KindGuard, KindSettings} {
		if has[kind] && kind != r.Kind {
			return fmt.Errorf("%s does not belong into a record of kind %s: write one record for each", kind, r.Kind)
		}
	}
	return nil
}

func (r *Record) checkPolicy() error {
	p := r.Policy
	if err := check.OneLine(
		codeNamed("policy.code", p.Code),
		check.Among("policy.mode", p.Mode, verdict.Off, verdict.Shadow, verdict.Canary, verdict.Live),
		share("policy.threshold_bp", p.ThresholdBP), share("policy.clear_bp", p.ClearBP), share("policy.sample_bp", p.SampleBP),
		share("policy.canary_bp", p.CanaryBP),
	); err != nil {
		return err
	}
	if p.Floor != "" {
		if err := check.Among("policy.floor", p.Floor, exception.Minor, exception.Major, exception.Critical); err != nil {
			return err
		}
	}
	if p.Bundle != "" || p.Mode != verdict.Off {
		if _, _, err := ParseBundle(p.Bundle); err != nil {
			return fmt.Errorf("policy.bundle: %w: mode %s needs one; andon control show lists those that are registered", err, p.Mode)
		}
	}
	switch {
	case p.Mode == verdict.Canary && (p.CanaryBP < 1 || p.CanaryBP >= whole):
		return fmt.Errorf("policy.canary_bp is %d: the share of entities the model decides for, 1 to 9999 basis points (all of them is mode live)", p.CanaryBP)
	case p.Mode != verdict.Canary && p.CanaryBP != 0:
		return fmt.Errorf("policy.canary_bp is %d with mode %s: leave it out, or choose canary", p.CanaryBP, p.Mode)
	case p.Mode != verdict.Off && p.ThresholdBP == 0:
		return errors.New("policy.threshold_bp is missing: the model raises from this score on, 1 to 10000 basis points")
	case p.ClearBP > p.ThresholdBP:
		return fmt.Errorf("policy.clear_bp %d is over policy.threshold_bp %d: what is raised would be cleared at once", p.ClearBP, p.ThresholdBP)
	case p.Mode == verdict.Live && r.ApprovedBy == "":
		return errors.New("approved_by is missing: mode live needs someone other than the author who stands for it")
	case p.Mode == verdict.Live && strings.EqualFold(strings.TrimSpace(r.ApprovedBy), strings.TrimSpace(r.Author)):
		return fmt.Errorf("approved_by is %q, the author: mode live needs someone else who stands for it", r.ApprovedBy)
	}
	return nil
}

func (r *Record) checkBundle() error {
	b := r.Bundle
	switch sum, err := hex.DecodeString(b.SHA256); {
	case !plainName(b.Name):
		return fmt.Errorf("bundle.name is %q: small letters, digits, - and _, e.g. carrier-lateness", b.Name)
	case b.Version != r.Version:
		return fmt.Errorf("bundle.version is %d, version %d: they are the same", b.Version, r.Version)
	case err != nil || len(sum) != 32 || strings.ToLower(b.SHA256) != b.SHA256:
		return fmt.Errorf("bundle.sha256 is %.80q: the model file's SHA-256, 64 small hexadecimal digits, as andon model show prints it", b.SHA256)
	case b.Features == "":
		return errors.New("bundle.features is missing: the feature set the model is fed, e.g. carrier/1")
	case b.SizeBytes < 1:
		return fmt.Errorf("bundle.size_bytes is %d: the size of the model file", b.SizeBytes)
	}
	return nil
}

// tripped are the reasons of a guard that is open.
var tripped = []string{verdict.GuardGolden, verdict.GuardFeatures, verdict.GuardDrift, verdict.GuardLabels}

func (g *Guard) check() error {
	if err := check.OneLine(codeNamed("guard.code", g.Code), check.Among("guard.state", g.State, Closed, Open, HalfOpen)); err != nil {
		return err
	}
	if _, _, err := ParseBundle(g.Bundle); err != nil {
		return fmt.Errorf("guard.bundle: %w", err)
	}
	if g.Signal != "" {
		if err := check.Among("guard.signal", g.Signal, G0, G1, G2, G3, G4, G5, G6); err != nil {
			return err
		}
	}
	if g.State != Closed || g.Reason != "" {
		if err := check.Among("guard.reason", g.Reason, tripped...); err != nil {
			return err
		}
	}
	for name, f := range map[string]float64{"guard.statistic": g.Statistic, "guard.threshold": g.Threshold} {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%s is %v: a finite number", name, f)
		}
	}
	switch {
	case g.ChangedAt == 0:
		return errors.New("guard.changed_at is missing: when it went over, e.g. 2026-03-02T08:15:00Z")
	case g.WindowTo < g.WindowFrom:
		return errors.New("guard.window_to is before guard.window_from")
	case g.Trips < 0:
		return fmt.Errorf("guard.trips is %d: how often it opened, 0 or more", g.Trips)
	}
	return nil
}

// codeNamed refuses what cannot be a code or a risk: the name is part of a key.
func codeNamed(name, code string) error {
	if !plainName(strings.ToLower(code)) {
		return fmt.Errorf("%s is %q: a contested code or risk, e.g. CA-05 or pick_short_risk", name, code)
	}
	return nil
}

func share(name string, bp int32) error {
	if bp < 0 || bp > whole {
		return fmt.Errorf("%s is %d: basis points, 0 to 10000", name, bp)
	}
	return nil
}
