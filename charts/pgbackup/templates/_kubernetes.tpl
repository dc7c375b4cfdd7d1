{{/* Which pod its Events are about; nothing where the agent tells Kubernetes nothing. */}}
{{- define "pgbackup.kubernetesEnv" -}}
{{- if .Values.agent.kubernetes.enabled -}}
- name: PGBACKUP_KUBERNETES_POD
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: PGBACKUP_KUBERNETES_POD_UID
  valueFrom: { fieldRef: { fieldPath: metadata.uid } }
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{/* What Kubernetes would mount into every container, for the agent's alone. */}}
{{- define "pgbackup.kubernetesVolume" -}}
- name: pgbackup-kubernetes
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: { path: token, expirationSeconds: 3600 }
      - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
      - downwardAPI: { items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }] }
{{- end -}}
