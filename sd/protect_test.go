package sd

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// play runs the policy through a script, one step a line:
//
//	<time> set <instances>       the source lists these
//	<time> fail                  the source fails
//	<time> tick                  time goes by
//	<time> refuse <IDs>          callers could not reach these
//	       => <instances> [held n]   what is published then
func play(t *testing.T, p *protector, script string) {
	t.Helper()
	var now time.Time
	for n, step := range strings.Split(strings.TrimSpace(script), "\n") {
		step = strings.TrimSpace(step)
		if want, ok := strings.CutPrefix(step, "=>"); ok {
			list, held := p.published()
			got := line(list)
			if held > 0 {
				got = strings.TrimSpace(fmt.Sprintf("%s held %d", got, held))
			}
			if got != strings.TrimSpace(want) {
				t.Fatalf("step %d: published %q, want %q", n+1, got, strings.TrimSpace(want))
			}
			continue
		}
		at, rest, _ := strings.Cut(step, " ")
		after, err := time.ParseDuration(at)
		if err != nil {
			t.Fatal(err)
		}
		now = time.Unix(0, 0).Add(after)
		what, list, _ := strings.Cut(strings.TrimSpace(rest), " ")
		switch what {
		case "set":
			good, faults := clean(set(list), "")
			ev := evidence{garbled: map[string]bool{}}
			for _, f := range faults {
				ev.garbled[f.id] = true
			}
			p.update(now, good, ev)
		case "fail":
			p.fail()
			p.advance(now)
		case "tick":
			p.advance(now)
		case "refuse":
			ids := map[string]bool{}
			for id := range strings.FieldsSeq(list) {
				ids[id] = true
			}
			p.drop(now, ids)
			p.advance(now)
		default:
			t.Fatalf("step %d: %q", n+1, step)
		}
	}
}

func TestProtection(t *testing.T) {
	for name, script := range map[string]string{
		"additions and changes are believed at once": `
			0s set a
			=> a
			1s set a b c
			=> a b c
			2s set a b@x c!
			=> a b@x c!`,
		"an empty service is empty": `
			0s set
			=>
			5s set a
			=> a`,
		"leaving by draining is believed at once": `
			0s set a b c
			1s set a~ b~ c
			=> a~ b~ c
			1s set c
			=> c`,
		"all may leave by draining": `
			0s set a b
			1s set a~ b~
			1s set
			=>`,
		"the bare loss of a few is believed after a moment": `
			0s set a b c d
			9s set a b c
			=> a b c d
			9.249s tick
			=> a b c d
			9.25s tick
			=> a b c`,
		"the loss of one of two is believed": `
			0s set a b
			9s set b
			9.25s tick
			=> b`,
		"the loss of the only one is not": `
			0s set a
			9s set
			=> a held 1
			23h set
			=> a held 1
			24h set b
			=> a b held 1
			24h1m tick
			=> b`,
		"the loss of all is not": `
			0s set a b c
			9s set
			=> a b c held 3
			99m tick
			=> a b c held 3`,
		"after a day of nobody it is": `
			0s set a b c
			9s set
			10h fail
			11h set
			34h59m tick
			=> a b c held 3
			35h tick
			=>`,
		"callers decide about the held, and about nobody else": `
			0s set a b c d e
			9s set a b
			=> a b c d e held 3
			10s refuse a c
			=> a b d e held 2
			11s refuse d e
			=> a b
			12s set a b c
			=> a b c`,
		"callers may find the last ones gone": `
			0s set a b
			9s set
			=> a b held 2
			10s refuse a b
			=>
			11s set
			=>
			12s set a
			=> a`,
		"callers do not drop what the registry lists while it is away": `
			0s set a b
			9s fail
			10s refuse a b
			=> a b`,
		"the loss of more than half at once is held, and believed after a minute": `
			0s set a b c d e
			9s set a b
			=> a b c d e held 3
			68.9s tick
			=> a b c d e held 3
			69s tick
			=> a b`,
		"half is not more than half": `
			0s set a b c d
			9s set a b
			=> a b c d
			9.25s tick
			=> a b`,
		"the wait begins anew after every error": `
			0s set a b c d e
			9s set a b
			=> a b c d e held 3
			60s fail
			=> a b c d e held 3
			600s tick
			=> a b c d e held 3
			660s set a b
			719s tick
			=> a b c d e held 3
			720s tick
			=> a b`,
		"the wait begins anew after every empty list": `
			0s set a b c
			9s set a
			=> a b c held 2
			60s set
			=> a b c held 3
			61s set a
			=> a b c held 2
			120s tick
			=> a b c held 2
			121s tick
			=> a`,
		"losses add up over half a minute": `
			0s set a b c d e f
			5s set a b c d e
			5.25s tick
			=> a b c d e
			10s set a b c d
			15s set a b c
			15.25s tick
			=> a b c
			20s set a b
			=> a b c held 1
			80s tick
			=> a b`,
		"losses do not add up over longer": `
			0s set a b c d
			20s set a b c
			20.25s tick
			51s set a b
			51.25s tick
			=> a b
			82s set a
			82.25s tick
			=> a`,
		"leases that expire together are one loss, though reported one by one": `
			0s set a b c d e
			9s set b c d e
			9.01s set c d e
			9.02s set d e
			=> a b c d e held 3
			9.03s set e
			9.04s set
			=> a b c d e held 5`,
		"those who come back are as before": `
			0s set a b c
			9s set
			=> a b c held 3
			12s set b
			=> a b c held 2
			13s set a b c
			=> a b c
			99s tick
			=> a b c`,
		"a wiped registry that fills again loses nobody": `
			0s set a b c d e
			9s fail
			39s set
			=> a b c d e held 5
			40s set c
			=> a b c d e held 4
			44s set c e
			48s set a b c d e
			=> a b c d e`,
		"errors remove nothing": `
			0s set a b
			1s fail
			9h tick
			=> a b`,
		"an error right after a bare loss stops its clock": `
			0s set a b c
			9s set a b
			9.1s fail
			99s tick
			=> a b c`,
		"after an outage even few losses wait for half a minute": `
			0s set a b c d
			9s fail
			60s set a b c
			89s tick
			=> a b c d
			90s tick
			=> a b c`,
		"after an outage those who come back in time were never gone": `
			0s set a b c d
			9s fail
			60s set a b c
			70s set a b c d
			=> a b c d
			99s tick
			=> a b c d`,
		"a failure before the first list is no outage": `
			0s fail
			9s set a b c
			20s set a b
			20.25s tick
			=> a b`,
		"a new run at the same address replaces the old one at once": `
			0s set a@x
			9s set b@x
			=> b@x`,
		"two runs at one address are one, and the one that takes calls": `
			0s set a@x~ b@x
			=> b@x
			1s set a@x b@x
			=> a@x`,
		"a restarted fleet at the same addresses is no loss": `
			0s set a@x b@y c@z
			9s set d@x e@y f@z
			=> d@x e@y f@z`,
		"a held one whose address is taken is let go": `
			0s set a b c
			9s set
			10s set d@a
			=> b c d@a held 2`,
		"nor does it return when the one that took it leaves": `
			0s set a b c
			9s set
			10s set d@a
			11s set d@a~
			12s set
			=> b c held 2`,
		"a rolling restart under new ids and addresses is no loss": `
			0s set a b c
			1s set a b c d
			2s set b c d
			3s set b c d e
			4s set c d e
			5s set c d e f
			6s set d e f
			6.25s tick
			=> d e f`,
		"a graceful shrink does not make the next loss sudden": `
			0s set a b c d e f
			1s set a b~ c~ d~ e f
			2s set a e f
			3s set a e
			3.25s tick
			=> a e`,
		"an entry that turns to garbage keeps its last good value": `
			0s set a b c
			9s set a b? c?
			=> a b c
			99s set a c?
			=> a b c
			99.25s tick
			=> a c`,
		"a critical one that is listed stays listed": `
			0s set a b
			9s set a! b!
			=> a! b!
			10s set
			=> a! b! held 2`,
	} {
		t.Run(name, func(t *testing.T) {
			play(t, &protector{holdFor: time.Minute}, script)
		})
	}
}

func TestProtectionOff(t *testing.T) {
	play(t, &protector{off: true, holdFor: time.Minute}, `
		0s set a b c d
		1s set a
		=> a
		2s fail
		=> a
		3s set
		=>`)
}

func TestProtectionForgetsNoDrainingInBetween(t *testing.T) {
	p := &protector{holdFor: time.Minute}
	now := time.Unix(0, 0)
	p.update(now, set("a b"), evidence{})
	p.update(now, set(""), evidence{drained: map[string]bool{"a": true, "b": true}})
	if got, _ := p.published(); len(got) != 0 {
		t.Errorf("published %q after both had drained in a set that was skipped", line(got))
	}
}
