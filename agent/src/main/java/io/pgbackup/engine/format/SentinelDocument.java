package io.pgbackup.engine.format;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.postgres.Lsn;
import java.math.BigInteger;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The sentinel key by key. Which keys are left out when empty and which are `null` follows WAL-G.
@JsonPropertyOrder({
  "LSN",
  "DeltaLSN",
  "DeltaFrom",
  "DeltaFullName",
  "DeltaCount",
  "PgVersion",
  "FinishLSN",
  "SystemIdentifier",
  "UncompressedSize",
  "CompressedSize",
  "DataCatalogSize",
  "Spec",
  "UserData",
  "FilesMetadataDisabled",
  "ChkpNum",
  "Version",
  "StartTime",
  "FinishTime",
  "DateFmt",
  "Hostname",
  "DataDir",
  "IsPermanent",
  "PgBackupKeyFingerprint",
  "PgBackupCorruptPages"
})
record SentinelDocument(
    @JsonProperty("LSN") @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable BigInteger lsn,
    @JsonProperty("DeltaLSN") @Nullable BigInteger deltaLsn,
    @JsonProperty("DeltaFrom") @Nullable String deltaFrom,
    @JsonProperty("DeltaFullName") @Nullable String deltaFullName,
    @JsonProperty("DeltaCount") @Nullable Integer deltaCount,
    @JsonProperty("PgVersion") int pgVersion,
    @JsonProperty("FinishLSN") @JsonInclude(JsonInclude.Include.ALWAYS)
        @Nullable BigInteger finishLsn,
    @JsonProperty("SystemIdentifier") @Nullable BigInteger systemIdentifier,
    @JsonProperty("UncompressedSize") long uncompressedSize,
    @JsonProperty("CompressedSize") long compressedSize,
    @JsonProperty("DataCatalogSize") @JsonInclude(JsonInclude.Include.NON_DEFAULT)
        long dataCatalogSize,
    @JsonProperty("Spec") @Nullable JsonNode spec,
    @JsonProperty("UserData") @Nullable JsonNode userData,
    @JsonProperty("FilesMetadataDisabled") @JsonInclude(JsonInclude.Include.NON_DEFAULT)
        boolean filesMetadataDisabled,
    // OrioleDB's; plain PostgreSQL has none, but the key is always there
    @JsonProperty("ChkpNum") @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable Long checkpoint,
    @JsonProperty("Version") int version,
    @JsonProperty("StartTime") @Nullable String startTime,
    @JsonProperty("FinishTime") @Nullable String finishTime,
    @JsonProperty("DateFmt") @Nullable String dateFormat,
    @JsonProperty("Hostname") @Nullable String hostname,
    @JsonProperty("DataDir") @Nullable String dataDirectory,
    @JsonProperty("IsPermanent") boolean permanent,
    @JsonProperty("PgBackupKeyFingerprint") @Nullable String keyFingerprint,
    @JsonProperty("PgBackupCorruptPages") @Nullable CorruptPages corruptPages) {
  static final String DATE_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ";
  static final SentinelDocument EMPTY =
      new SentinelDocument(
          null, null, null, null, null, 0, null, null, 0, 0, 0, null, null, false, null, 0, null,
          null, null, null, null, false, null, null);

  static SentinelDocument of(Sentinel sentinel) {
    Optional<DeltaOrigin> delta = sentinel.delta();
    return new SentinelDocument(
        sentinel.startLsn().map(Lsn::value).map(Documents::number).orElse(null),
        delta.map(origin -> Documents.number(origin.lsn().value())).orElse(null),
        delta.map(origin -> origin.parent().value()).orElse(null),
        delta.map(origin -> origin.full().value()).orElse(null),
        delta.map(DeltaOrigin::count).orElse(null),
        sentinel.serverVersion().map(version -> version.number()).orElse(0),
        sentinel.finishLsn().map(Lsn::value).map(Documents::number).orElse(null),
        sentinel.systemIdentifier().map(id -> Documents.number(id.value())).orElse(null),
        sentinel.uncompressedSize(),
        sentinel.compressedSize(),
        sentinel.dataCatalogSize(),
        sentinel.tablespaces().map(TablespaceSpec::toJson).orElse(null),
        sentinel.userData().orElse(null),
        sentinel.filesMetadataDisabled(),
        null,
        2,
        Documents.text(sentinel.startTime()),
        Documents.text(sentinel.finishTime()),
        DATE_FORMAT,
        sentinel.hostname(),
        sentinel.dataDirectory(),
        sentinel.permanent(),
        sentinel.keyFingerprint().orElse(null),
        sentinel.corruptPages().orElse(null));
  }

  Sentinel toSentinel(String name) {
    return new Sentinel(
        Documents.lsn(lsn, name),
        delta(name),
        Documents.serverVersion(pgVersion),
        Documents.lsn(finishLsn, name),
        Documents.systemIdentifier(systemIdentifier, name),
        uncompressedSize,
        compressedSize,
        dataCatalogSize,
        Documents.present(spec).map(node -> TablespaceSpec.from(node, name)),
        Documents.present(userData),
        filesMetadataDisabled,
        Documents.time(startTime, name),
        Documents.time(finishTime, name),
        hostname == null ? "" : hostname,
        dataDirectory == null ? "" : dataDirectory,
        permanent,
        Optional.ofNullable(keyFingerprint),
        Optional.ofNullable(corruptPages));
  }

  private Optional<DeltaOrigin> delta(String name) {
    if (deltaFrom == null) {
      return Optional.empty();
    }
    Optional<BackupName> parent = BackupName.tryParse(deltaFrom);
    Optional<BackupName> full =
        Optional.ofNullable(deltaFullName).flatMap(text -> BackupName.tryParse(text));
    Optional<Lsn> from = Documents.lsn(deltaLsn, name);
    if (parent.isEmpty() || full.isEmpty() || from.isEmpty() || deltaCount == null) {
      throw Documents.unreadable(name, "a delta that does not say what it stands on", null);
    }
    return Optional.of(new DeltaOrigin(from.get(), parent.get(), full.get(), deltaCount));
  }
}
