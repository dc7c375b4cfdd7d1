{{/*
What a StatefulSet of PostgreSQL needs, the chart's own or somebody else's: one template for each place. Another chart, that has this one
as a dependency, gives them its part of the values: `include "pgbackup.sidecar.volumes" .Subcharts.pgbackup`. See docs/kubernetes.md.
*/}}

{{/* The client, what fills an empty volume, and last the agent. */}}
{{- define "pgbackup.sidecar.initContainers" -}}
- name: pgbackup-client
  image: {{ include "pgbackup.agentImage" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [/opt/pgbackup/bin/pgbackup-client, install, /client]
  securityContext: {{- include "pgbackup.containerSecurity" . | nindent 4 }}
  resources:
    requests: { cpu: 10m, memory: 16Mi }
    limits: { memory: 64Mi }
  volumeMounts:
    - { name: pgbackup-client, mountPath: /client }
{{- if include "pgbackup.hasStandbys" . }}
# before what fills a volume from the bucket, which leaves one that holds data alone
{{ include "pgbackup.standbyContainer" . }}
{{- end }}
{{- if include "pgbackup.bootstraps" . }}
{{ include "pgbackup.bootstrapContainers" . }}
{{- end }}
{{ include "pgbackup.agentContainer" . }}
{{- end -}}

{{/* Starts before the server and ends after it, so that its last WAL is stored. */}}
{{- define "pgbackup.agentContainer" -}}
- name: pgbackup-agent
  image: {{ include "pgbackup.agentImage" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  restartPolicy: Always
  args: [--config, /etc/pgbackup/pgbackup.yaml]
  {{- with concat (include "pgbackup.kubernetesEnv" . | fromYamlArray) (default list .Values.agent.extraEnv) }}
  env: {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - { name: http-pgbackup, containerPort: 9797, protocol: TCP }
  startupProbe:
    exec: { command: [/opt/pgbackup/bin/pgbackup-client, --timeout, "2", ping] }
    periodSeconds: 1
    timeoutSeconds: 3
    failureThreshold: 120
  readinessProbe:
    httpGet: { path: /readyz, port: http-pgbackup }
    periodSeconds: 10
    timeoutSeconds: 3
  livenessProbe:
    httpGet: { path: /healthz, port: http-pgbackup }
    periodSeconds: 20
    timeoutSeconds: 5
    failureThreshold: 6
  securityContext: {{- include "pgbackup.containerSecurity" . | nindent 4 }}
  resources: {{- toYaml .Values.agent.resources | nindent 4 }}
  volumeMounts:
    {{- include "pgbackup.dataMount" . | nindent 4 }}
    - { name: postgres-socket, mountPath: /var/run/postgresql }
    - { name: pgbackup-socket, mountPath: /run/pgbackup }
    - { name: pgbackup-tmp, mountPath: /tmp }
    - { name: pgbackup-config, mountPath: /etc/pgbackup, readOnly: true }
    {{- if include "pgbackup.storeSecret" . }}
    - { name: pgbackup-credentials, mountPath: /etc/pgbackup-credentials, readOnly: true }
    {{- end }}
    {{- if .Values.agent.apiTokenSecret.name }}
    - { name: pgbackup-api, mountPath: /etc/pgbackup-api, readOnly: true }
    {{- end }}
    {{- if .Values.agent.kubernetes.enabled }}
    - { name: pgbackup-kubernetes, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true }
    {{- end }}
    {{- with .Values.agent.extraVolumeMounts }}{{- toYaml . | nindent 4 }}{{- end }}
{{- end -}}

{{/* The data's own volume is a claim of the StatefulSet. */}}
{{- define "pgbackup.dataMount" -}}
- { name: {{ .Values.data.volume | quote }}, mountPath: {{ .Values.data.mountPath }} }
{{- end -}}

{{/* Of the server's container, beside its data. */}}
{{- define "pgbackup.sidecar.volumeMounts" -}}
- { name: postgres-socket, mountPath: /var/run/postgresql }
- { name: pgbackup-socket, mountPath: /run/pgbackup }
- { name: pgbackup-client, mountPath: /opt/pgbackup, readOnly: true }
{{- end -}}

{{/* Of the server's container. */}}
{{- define "pgbackup.sidecar.args" -}}
- -c
- archive_mode=on
- -c
- archive_command=/opt/pgbackup/pgbackup-client push %p
- -c
- archive_timeout={{ .Values.postgres.archiveTimeout }}
{{- if .Values.standby }}
- -c
- restore_command=/opt/pgbackup/pgbackup-client --timeout 15 fetch %f %p
- -c
- recovery_target_timeline=latest
{{- end }}
{{- end -}}

{{- define "pgbackup.sidecar.volumes" -}}
- { name: postgres-socket, emptyDir: {} }
- { name: pgbackup-socket, emptyDir: { sizeLimit: 16Mi } }
- { name: pgbackup-client, emptyDir: { sizeLimit: 16Mi } }
- { name: pgbackup-tmp, emptyDir: { sizeLimit: 256Mi } }
- name: pgbackup-config
  configMap: { name: {{ include "pgbackup.fullname" . }}-pgbackup }
{{- with include "pgbackup.storeSecret" . }}
- name: pgbackup-credentials
  secret: {{- include "pgbackup.storeFiles" (dict "secret" . "root" $) | nindent 4 }}
{{- end }}
{{- if include "pgbackup.bootstraps" . }}
{{ include "pgbackup.bootstrapVolumes" . }}
{{- end }}
{{- if .Values.agent.kubernetes.enabled }}
{{ include "pgbackup.kubernetesVolume" . }}
{{- end }}
{{- with .Values.agent.apiTokenSecret }}
{{- if .name }}
- name: pgbackup-api
  secret:
    secretName: {{ .name | quote }}
    defaultMode: 0440
    items:
      - { key: {{ .key | quote }}, path: token }
{{- end }}
{{- end }}
{{- end -}}
