package stub

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// orcaTrailer carries a serialized xds.data.orca.v3.OrcaLoadReport with an answer.
const orcaTrailer = "endpoint-load-metrics-bin"

// orca is the part of an OrcaLoadReport that weights come from.
type orca struct {
	cpu         float64 // cpu_utilization
	application float64 // application_utilization
	rps         float64 // rps_fractional
	eps         float64
}

// parseOrca reads a report, and skips what it does not know. The message is read
// here since its Go type comes with the whole of xDS. ok is false for what is no
// report.
func parseOrca(b []byte) (r orca, ok bool) {
	fields := map[protowire.Number]*float64{1: &r.cpu, 6: &r.rps, 7: &r.eps, 9: &r.application}
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return orca{}, false
		}
		b = b[n:]
		to := fields[num]
		if to == nil || kind != protowire.Fixed64Type {
			n = protowire.ConsumeFieldValue(num, kind, b)
		} else {
			var bits uint64
			bits, n = protowire.ConsumeFixed64(b)
			*to = math.Float64frombits(bits)
		}
		if n < 0 {
			return orca{}, false
		}
		b = b[n:]
	}
	return r, r.sane()
}

func (r *orca) sane() bool {
	for _, x := range []float64{r.cpu, r.application, r.rps, r.eps} {
		if !(x >= 0) || math.IsInf(x, 0) { // NaN is neither
			return false
		}
	}
	return true
}

// weight is how many calls an instance like this takes at full use, as in gRPC's
// proposal A58; 0 if the report does not tell.
func (r *orca) weight(penalty float64) float64 {
	use := r.application
	if use == 0 {
		use = r.cpu
	}
	if use == 0 || r.rps == 0 {
		return 0
	}
	return r.rps / (use + r.eps/r.rps*penalty)
}
