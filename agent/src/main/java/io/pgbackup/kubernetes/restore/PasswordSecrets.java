package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.KeyToPathBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The passwords of roles in a pod: each key of a Secret is a file whose path says which one it is.
/// A Secret or a key that is missing is left out, so that the pod starts and can say it.
///
/// @param superuser who sets them
/// @param ofSuperuser where its own comes from, if it is to be set
/// @param ofRoles those of others
record PasswordSecrets(
    String namespace,
    String superuser,
    Optional<SuperuserSecret> ofSuperuser,
    List<RoleSecret> ofRoles) {
  private static final String VOLUME = "pgbackup-passwords-";

  /// The same, where the superuser's Secret is still to be made.
  PasswordSecrets withoutSuperusers() {
    return new PasswordSecrets(namespace, superuser, Optional.empty(), ofRoles);
  }

  /// As `in-pod fetch` and `bootstrap` take them.
  List<String> words() {
    List<String> words = new ArrayList<>();
    ofSuperuser.ifPresent(
        secret ->
            words.addAll(
                List.of("--password", superuser + "=" + file(secret.name(), secret.key()))));
    for (RoleSecret each : ofRoles) {
      String password = file(each.secret(), each.key());
      words.addAll(
          each.role()
              .map(role -> List.of("--password", role + "=" + password))
              .orElseGet(
                  () ->
                      List.of(
                          "--role-files",
                          file(each.secret(), RoleSecret.USERNAME) + "=" + password)));
    }
    if (!words.isEmpty()) {
      words.addAll(List.of("--superuser", superuser));
    }
    return words;
  }

  private String folder(String secret) {
    return PasswordFolder.of(namespace, secret).toString();
  }

  private String file(String secret, String key) {
    return folder(secret) + "/" + key;
  }

  private Map<String, Set<String>> keys() {
    Map<String, Set<String>> keys = new LinkedHashMap<>();
    ofSuperuser.ifPresent(
        secret ->
            keys.computeIfAbsent(secret.name(), _ -> new LinkedHashSet<>()).add(secret.key()));
    ofRoles.forEach(
        each ->
            keys.computeIfAbsent(each.secret(), _ -> new LinkedHashSet<>()).addAll(each.keys()));
    return keys;
  }

  List<Volume> volumes() {
    List<Volume> volumes = new ArrayList<>();
    keys()
        .forEach(
            (secret, keys) ->
                volumes.add(
                    new VolumeBuilder()
                        .withName(VOLUME + volumes.size())
                        .withNewSecret()
                        .withSecretName(secret)
                        .withDefaultMode(0440)
                        .withOptional(true)
                        .withItems(
                            keys.stream()
                                .map(
                                    key ->
                                        new KeyToPathBuilder().withKey(key).withPath(key).build())
                                .toList())
                        .endSecret()
                        .build()));
    return volumes;
  }

  List<VolumeMount> mounts() {
    List<VolumeMount> mounts = new ArrayList<>();
    keys()
        .keySet()
        .forEach(
            secret -> mounts.add(DatabasePod.mount(VOLUME + mounts.size(), folder(secret), true)));
    return mounts;
  }
}
