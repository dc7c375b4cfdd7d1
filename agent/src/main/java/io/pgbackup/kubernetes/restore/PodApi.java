package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Optional;

/// What is asked about single pods.
interface PodApi {
  Optional<Pod> pod(String name);

  /// One that exists already is left as it is.
  void create(Pod pod);

  void deletePod(String name);

  /// What a container has printed until now; empty before it has begun.
  String log(String pod, String container);
}
