package kubernetes.admission

deny contains msg if {
	input.request.kind.kind == "Pod"
	some container in input.request.object.spec.containers
	not startswith(container.image, "registry.example.com/")
	msg := sprintf("image %q of container %q comes from an untrusted registry", [container.image, container.name])
}

deny contains msg if {
	some i, container in input.request.object.spec.containers
	not container.resources.limits.memory
	msg := sprintf("container %d (%s) has no memory limit", [i, container.name])
}

deny contains "privileged containers are not allowed" if {
	some container in input.request.object.spec.containers
	container.securityContext.privileged
}

response := {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {
	"uid": input.request.uid,
	"allowed": count(deny) == 0,
	"status": {"message": concat("; ", sort(deny))},
}}
