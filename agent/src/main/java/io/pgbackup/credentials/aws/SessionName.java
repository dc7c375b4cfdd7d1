package io.pgbackup.credentials.aws;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import java.util.UUID;

/// What a session is called in AWS's logs: `archiver@shop.orders`. Names of clusters have no
/// characters that AWS refuses, but may be longer than it allows.
final class SessionName {
  private static final int LONGEST = 64;

  private SessionName() {}

  static String of(ClusterId cluster, Role role) {
    String name = role.word() + "@" + cluster.namespace() + "." + cluster.name();
    if (name.length() <= LONGEST) {
      return name;
    }
    String digest = UUID.nameUUIDFromBytes(name.getBytes(UTF_8)).toString().substring(0, 8);
    return name.substring(0, LONGEST - digest.length() - 1) + "=" + digest;
  }
}
