package io.pgbackup.engine.walg;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.format.BackupName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What kind of base backup a `backup-push` is told to take, as its flags and variables.
///
/// @param parent that a delta is to stand on; nothing for a full one
/// @param checksums whether the server has page checksums to be checked
/// @param deltas what the configuration allows
record PushOptions(
    BackupRequest request,
    Optional<BackupName> parent,
    boolean checksums,
    DeltaRules deltas,
    Optional<JsonNode> userData) {
  private static final int HOWEVER_MANY = 1_000_000;

  static PushOptions of(
      BackupRequest request,
      Optional<BackupName> parent,
      boolean checksums,
      WalgBackupEngine.Settings settings) {
    return new PushOptions(
        request, parent, checksums, settings.deltas(), request.userData().or(settings::userData));
  }

  List<String> flags() {
    List<String> flags = new ArrayList<>();
    if (parent.isEmpty()) {
      flags.add("--full");
    }
    if (request.permanent()) {
      flags.add("--permanent");
    }
    if (checksums) {
      flags.add("--verify");
    }
    return flags;
  }

  Map<String, String> variables() {
    int steps =
        parent.isEmpty()
            ? 0
            : request.kind() == BackupRequest.Kind.DELTA ? HOWEVER_MANY : deltas.maxSteps();
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("WALG_DELTA_MAX_STEPS", Integer.toString(steps));
    variables.put("WALG_DELTA_ORIGIN", deltas.origin().name());
    userData.ifPresent(data -> variables.put("WALG_SENTINEL_USER_DATA", data.toString()));
    return variables;
  }
}
