{{/* Fills an empty volume from pod 0, in every other pod. */}}
{{- define "pgbackup.standbyContainer" -}}
{{- if eq .Values.replication.user (include "pgbackup.superuser" .) }}
{{- fail "replication.user must be another role than postgres.superuser" }}
{{- end -}}
- name: pgbackup-standby
  image: {{ include "pgbackup.postgresImage" . }}
  imagePullPolicy: {{ .Values.postgres.image.pullPolicy }}
  command:
    - sh
    - -c
    - |
      {{- .Files.Get "files/standby.sh" | nindent 6 }}
  env:
    - { name: PGDATA, value: {{ .Values.data.directory }} }
    - { name: STANDBY_PASSFILE, value: /run/pgbackup-standby/passfile }
    - { name: STANDBY_USER, value: {{ .Values.replication.user | quote }} }
    # so that nothing but a standby stops for want of it
    - name: STANDBY_PASSWORD
      valueFrom:
        secretKeyRef: { name: {{ .Values.postgres.existingSecret | quote }}, key: {{ .Values.replication.passwordKey | quote }}, optional: true }
    - { name: SUPERUSER, value: {{ include "pgbackup.superuser" . | quote }} }
    - name: SUPERUSER_PASSWORD
      valueFrom:
        secretKeyRef: { name: {{ .Values.postgres.existingSecret | quote }}, key: {{ .Values.postgres.passwordKey | quote }} }
  securityContext: {{- include "pgbackup.containerSecurity" . | nindent 4 }}
  resources: {{- toYaml .Values.postgres.resources | nindent 4 }}
  volumeMounts:
    {{- include "pgbackup.dataMount" . | nindent 4 }}
    - { name: postgres-tmp, mountPath: /tmp }
    - { name: postgres-standby, mountPath: /run/pgbackup-standby }
{{- end -}}
