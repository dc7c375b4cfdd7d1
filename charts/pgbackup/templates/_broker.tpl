{{/* Of a container of the broker's pod, behind its name and command. */}}
{{- define "pgbackup.brokerContainer" -}}
image: {{ include "pgbackup.agentImage" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.broker.extraEnv }}
env: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: {{- include "pgbackup.containerSecurity" . | nindent 2 }}
resources: {{- toYaml .Values.broker.resources | nindent 2 }}
volumeMounts:
  - { name: tmp, mountPath: /tmp }
  - { name: config, mountPath: /etc/pgbackup, readOnly: true }
  {{- if .Values.broker.existingSecret }}
  - { name: parent, mountPath: /etc/pgbackup-broker, readOnly: true }
  {{- end }}
  {{- with .Values.broker.extraVolumeMounts }}{{- toYaml . | nindent 2 }}{{- end }}
{{- end -}}

{{/* The Secret that it keeps fresh for a role; takes dict "role", "root". */}}
{{- define "pgbackup.brokerSecret" -}}
{{ include "pgbackup.fullname" .root }}-store-{{ .role }}
{{- end -}}

{{- define "pgbackup.brokerRoles" -}}
- archiver
{{- if and .Values.retentionJob.enabled (not .Values.retentionJob.existingSecret) }}
- retention
{{- end }}
{{- end -}}

{{/* With the credential that may delete. */}}
{{- define "pgbackup.retentionSecret" -}}
{{ default (include "pgbackup.brokerSecret" (dict "role" "retention" "root" .)) .Values.retentionJob.existingSecret }}
{{- end -}}

{{- define "pgbackup.brokerSecrets" -}}
{{- range include "pgbackup.brokerRoles" . | fromYamlArray }}
- {{ include "pgbackup.brokerSecret" (dict "role" . "root" $) }}
{{- end }}
{{- end -}}

{{- define "pgbackup.brokerConfig" -}}
{{- $name := include "pgbackup.clusterName" . -}}
{{- $outputs := list -}}
{{- range include "pgbackup.brokerRoles" . | fromYamlArray -}}
{{- $secret := dict "namespace" $.Release.Namespace "name" (include "pgbackup.brokerSecret" (dict "role" . "root" $)) -}}
{{- $outputs = append $outputs (dict "namespace" $.Release.Namespace "cluster" $name "role" . "secret" $secret) -}}
{{- end -}}
{{- $broker := dict "listen" "0.0.0.0:9798" "outputs" $outputs -}}
{{- if .Values.broker.existingSecret -}}
{{- $_ := set $broker "accessKeyIdFile" "/etc/pgbackup-broker/access-key-id" -}}
{{- $_ := set $broker "secretAccessKeyFile" "/etc/pgbackup-broker/secret-access-key" -}}
{{- end -}}
{{- dict "storage" (omit .Values.config.storage "credentials") "broker" (mergeOverwrite $broker (deepCopy .Values.broker.config)) | toYaml -}}
{{- end -}}
