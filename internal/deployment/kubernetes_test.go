package deployment

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/kitgen/kitgen/transport"
)

// cluster is one object of each kind.
type cluster struct {
	deployment appsv1.Deployment
	service    corev1.Service
	account    corev1.ServiceAccount
	scaler     autoscalingv2.HorizontalPodAutoscaler
	budget     policyv1.PodDisruptionBudget
	policy     networkingv1.NetworkPolicy
}

// load decodes the manifests strictly: a field that does not exist, or exists
// twice, is an error.
func load(t *testing.T, dir string) *cluster {
	t.Helper()
	c := &cluster{}
	objects := map[metav1.TypeMeta]any{
		{APIVersion: "apps/v1", Kind: "Deployment"}:                     &c.deployment,
		{APIVersion: "v1", Kind: "Service"}:                             &c.service,
		{APIVersion: "v1", Kind: "ServiceAccount"}:                      &c.account,
		{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"}: &c.scaler,
		{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"}:          &c.budget,
		{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}:     &c.policy,
	}
	files, err := filepath.Glob(filepath.Join(dir, "deploy/kubernetes/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for doc := range bytes.SplitSeq(read(t, file), []byte("\n---\n")) {
			var kind metav1.TypeMeta
			if err := yaml.Unmarshal(doc, &kind); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			object := objects[kind]
			if object == nil {
				t.Fatalf("%s: a second %v, or one that is not known here", file, kind)
			}
			if err := yaml.UnmarshalStrict(doc, object); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			delete(objects, kind)
		}
	}
	for kind := range objects {
		t.Errorf("there is no %v", kind)
	}
	return c
}

func TestKubernetes(t *testing.T) {
	everyKind(t, func(t *testing.T, dir string) {
		c := load(t, dir)
		pod := c.deployment.Spec.Template
		for what, selector := range map[string]*metav1.LabelSelector{
			"Deployment":          c.deployment.Spec.Selector,
			"PodDisruptionBudget": c.budget.Spec.Selector,
			"NetworkPolicy":       &c.policy.Spec.PodSelector,
			"Service":             {MatchLabels: c.service.Spec.Selector},
			"topology spread":     pod.Spec.TopologySpreadConstraints[0].LabelSelector,
		} {
			s, err := metav1.LabelSelectorAsSelector(selector)
			if err != nil || s.Empty() || !s.Matches(labels.Set(pod.Labels)) {
				t.Errorf("%s selects %v, %v, the pods have %v", what, s, err, pod.Labels)
			}
		}
		if c.scaler.Spec.ScaleTargetRef.Name != c.deployment.Name || pod.Spec.ServiceAccountName != c.account.Name {
			t.Error("the autoscaler, or the pod, names somebody else")
		}
		if c.service.Spec.ClusterIP != corev1.ClusterIPNone {
			t.Error("the service is not headless")
		}
		container := pod.Spec.Containers[0]
		if container.Resources.Requests.Cpu().IsZero() {
			t.Error("the autoscaler goes by a request for processors that is not there")
		}
		ports(t, c, container)
		ending(t, pod.Spec, container)
		rights(t, pod.Spec, container)
	})
}

// ports checks that whatever names a port of the container names one it has.
func ports(t *testing.T, c *cluster, container corev1.Container) {
	t.Helper()
	there := map[intstr.IntOrString]bool{}
	for _, p := range container.Ports {
		there[intstr.FromString(p.Name)], there[intstr.FromInt32(p.ContainerPort)] = true, true
	}
	want := func(what string, port intstr.IntOrString) {
		if !there[port] {
			t.Errorf("%s names port %s, which the container has not", what, port.String())
		}
	}
	for _, p := range c.service.Spec.Ports {
		want("the service", p.TargetPort)
	}
	for _, rule := range c.policy.Spec.Ingress {
		for _, p := range rule.Ports {
			want("the network policy", *p.Port)
		}
	}
	for what, probe := range map[string]*corev1.Probe{"readiness": container.ReadinessProbe, "liveness": container.LivenessProbe} {
		switch {
		case probe.HTTPGet != nil:
			want(what, probe.HTTPGet.Port)
		case probe.GRPC != nil:
			want(what, intstr.FromInt32(probe.GRPC.Port))
		case probe.TCPSocket != nil:
			want(what, probe.TCPSocket.Port)
		default:
			t.Errorf("%s asks nothing", what)
		}
	}
}

// ending checks that a pod has the time to go that it needs: the library's
// bound, after preStop, and two seconds for what there still is of traces.
func ending(t *testing.T, spec corev1.PodSpec, container corev1.Container) {
	t.Helper()
	pause := time.Duration(container.Lifecycle.PreStop.Sleep.Seconds) * time.Second
	need := pause + transport.Config{}.Budget() + 2*time.Second
	if grace := time.Duration(*spec.TerminationGracePeriodSeconds) * time.Second; grace < need || pause == 0 {
		t.Errorf("a pod has %v to go, of which %v are preStop's, and needs %v", grace, pause, need)
	}
}

// rights checks that a pod has as few as there can be.
func rights(t *testing.T, spec corev1.PodSpec, container corev1.Container) {
	t.Helper()
	s := container.SecurityContext
	if !*spec.SecurityContext.RunAsNonRoot || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || len(s.Capabilities.Drop) != 1 ||
		s.Capabilities.Drop[0] != "ALL" || spec.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault ||
		*spec.AutomountServiceAccountToken {
		t.Error("the pod may do more than it needs")
	}
}
