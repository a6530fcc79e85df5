package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// printRows says what there is.
func printRows(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "row\tfault\tthen\twithin\t")
	for _, r := range rows {
		why := ""
		if r.needs != nil {
			if err := r.needs(); err != nil {
				why = "not here: " + err.Error()
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%s\n", r.name, r.fault, r.then, r.bound, why)
	}
	return w.Flush()
}

// printResult is a line of the table, and what is wrong below it.
func printResult(out io.Writer, r result) {
	if r.NotRun != "" {
		return
	}
	fmt.Fprintf(out, "%-4s  %-24s %-62s bound %9s  measured %9s  failed %s\n",
		verdictOf(r), r.Row, r.Fault, inSeconds(r.BoundMS), inSeconds(r.MeasuredMS), failedOf(r))
	if r.Again != "" {
		fmt.Fprintln(out, "      ", r.Again)
	}
	for _, v := range r.Violations {
		fmt.Fprintln(out, "      ", strings.ReplaceAll(v, "\n", "\n       "))
	}
	if r.failed() {
		for _, n := range r.Notes {
			fmt.Fprintln(out, "       note:", n)
		}
	}
}

func verdictOf(r result) string {
	switch {
	case r.NotRun != "":
		return "—"
	case r.failed():
		return "FAIL"
	}
	return "ok"
}

func failedOf(r result) string {
	if r.Calls == 0 {
		return "no calls"
	}
	text := fmt.Sprintf("%d of %d", r.Failed, r.Calls)
	if r.HandedOver > 0 {
		text += fmt.Sprintf(", %d streams handed over", r.HandedOver)
	}
	return text
}

func inSeconds(ms int64) string {
	return fmt.Sprintf("%.3f s", float64(ms)/float64(time.Second.Milliseconds()))
}

// printNotRun says what could not be run here, and why.
func printNotRun(out io.Writer, results []result) {
	for i, r := range notRun(results) {
		if i == 0 {
			fmt.Fprintln(out, "\nnot run here:")
		}
		fmt.Fprintf(out, "  %s, %s: %s\n", r.Row, r.Fault, r.NotRun)
	}
}

func notRun(results []result) (some []result) {
	for _, r := range results {
		if r.NotRun != "" {
			some = append(some, r)
		}
	}
	return some
}

func tally(results []result) string {
	bad, ran := 0, len(results)-len(notRun(results))
	for _, r := range results {
		if r.failed() {
			bad++
		}
	}
	return fmt.Sprintf("%d rows ran, %d failed, %d could not be run here", ran, bad, len(results)-ran)
}

// preface is what a reader of the document must know.
const preface = `# Fault matrix

What ` + "`make faults`" + ` measured: services of this library as processes that are killed and frozen, registered in real
etcd and Consul servers that are, too, and a client that calls them all the time. Generated from a whole run by
` + "`make faults MARKDOWN=docs/fault-matrix.md`" + `.

A row holds if what stands under *then* came true within its bound, counted from the fault or from its end, if no call
failed, and if eight promises were kept throughout, among them that no set of instances is lost at once, that the
consumer knows what the registry lists, and that nobody who is dead stays listed. Registrations have a TTL of 6 s, the
shortest there is, unless the row says otherwise; numbers are those of the fault catalogue the rows come from.

`

// markdown is the table as a document.
func markdown(results []result) []byte {
	var b strings.Builder
	b.WriteString(preface)
	b.WriteString("| row | fault | then | bound | measured | failed calls | |\n|---|---|---|--:|--:|--:|---|\n")
	for _, r := range results {
		if r.NotRun == "" {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", r.Row, r.Fault, r.Then,
				inSeconds(r.BoundMS), inSeconds(r.MeasuredMS), failedOf(r), verdictOf(r))
		}
	}
	list(&b, "What the failed rows say:", results, (*result).failed, func(r result) string { return strings.Join(r.Violations, "; ") })
	list(&b, "Tried twice:", results, func(r *result) bool { return r.Again != "" }, func(r result) string { return r.Again })
	list(&b, "Not run there:", results, func(r *result) bool { return r.NotRun != "" }, func(r result) string { return r.Fault + ": " + r.NotRun })
	return []byte(b.String())
}

// list writes what there is to say of some of the results.
func list(b *strings.Builder, title string, results []result, which func(*result) bool, say func(result) string) {
	for _, r := range results {
		if !which(&r) {
			continue
		}
		if title != "" {
			fmt.Fprintf(b, "\n%s\n\n", title)
			title = ""
		}
		fmt.Fprintf(b, "- **%s** %s\n", r.Row, say(r))
	}
}
