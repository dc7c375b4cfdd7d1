package io.pgbackup.kubernetes.restore;

import static java.util.stream.Collectors.toMap;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/// The Secret that the superuser's password comes from. Where it is missing, the release was
/// deleted with its Secrets for instance, a restore makes it anew with a random password; one that
/// exists is neither read nor changed.
///
/// @param set whose it is
/// @param key the superuser's
/// @param otherKeys of passwords that the StatefulSet sets from it by itself
record SuperuserSecret(StatefulSetName set, String name, String key, List<String> otherKeys) {
  private static final int RANDOM_BYTES = 24;

  SuperuserSecret {
    otherKeys = List.copyOf(otherKeys);
  }

  /// Without a password, to try whether one of that name exists.
  Secret empty() {
    return new SecretBuilder()
        .withNewMetadata()
        .withNamespace(set.namespace())
        .withName(name)
        .withLabels(Map.of("app.kubernetes.io/managed-by", "pgbackup"))
        .withAnnotations(Map.of(DatabasePod.RESTORE_OF, set.name()))
        .endMetadata()
        .withType("Opaque")
        .build();
  }

  /// With a password of its own for each key.
  Secret filled(SecureRandom random) {
    SecretBuilder secret =
        new SecretBuilder(empty())
            .withStringData(
                otherKeys.stream().collect(toMap(other -> other, _ -> password(random))));
    return secret.addToStringData(key, password(random)).build();
  }

  private static String password(SecureRandom random) {
    byte[] bytes = new byte[RANDOM_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /// The command that prints the superuser's password.
  String readingCommand() {
    return "kubectl get secret %s -n %s -o go-template='{{index .data \"%s\" | base64decode}}'"
        .formatted(name, set.namespace(), key);
  }
}
