package io.pgbackup.kubernetes.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Events about the agent's pod. The same thing within half an hour counts up the Event that told
/// it first; all of them together are no more than [#BURST] and then one in [#REFILL], and what
/// waits for its turn is told once with its count.
///
/// Belongs to one thread.
final class PodEvents {
  static final int BURST = 10;
  static final Duration REFILL = Duration.ofSeconds(30);
  private static final Duration SERIES = Duration.ofMinutes(30);
  private static final int WAITING = 20;
  private static final int REMEMBERED = 50;
  private static final int NOT_FOUND = 404;
  private static final int TOO_MANY = 429;
  private static final int OUT_OF_ORDER = 500;
  private static final int NOTE_BYTES = 1000;
  private static final int POD_CHARACTERS = 100;
  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  /// @param uid without which `kubectl describe pod` does not show them
  record Pod(String name, Optional<String> uid) {}

  /// @param last when it came the last time
  private record Seen(int times, Instant last) {
    Seen and(Seen more) {
      return new Seen(times + more.times, more.last);
    }
  }

  private record Told(String event, Seen seen) {}

  private final Api api;
  private final Pod pod;
  private final Map<Happening, Seen> waiting = new LinkedHashMap<>();
  private final SequencedMap<Happening, Told> told = new LinkedHashMap<>();
  private int left = BURST;
  private @Nullable Instant refilled;

  PodEvents(Api api, Pod pod) {
    this.api = api;
    this.pod = pod;
  }

  void add(Happening happening, Instant at) {
    waiting.merge(happening, new Seen(1, at), Seen::and);
    if (waiting.size() > WAITING) {
      waiting.remove(waiting.keySet().iterator().next());
    }
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /// Tells what waits, as far as it is its turn.
  ///
  /// @param namespace of the pod
  /// @throws IOException if there is no answer, or one that will pass, then it waits on; or another
  ///   [Refusal], then the one that was refused is dropped
  void send(String namespace, Instant now) throws IOException {
    refill(now);
    while (!waiting.isEmpty() && left > 0) {
      Map.Entry<Happening, Seen> next = waiting.entrySet().iterator().next();
      Happening happening = next.getKey();
      Api.Answer answer = tell(namespace, happening, next.getValue());
      left--;
      if (!willPass(answer)) {
        waiting.remove(happening);
      }
      if (!answer.isGood()) {
        throw new Refusal("make an Event in the namespace " + namespace, answer);
      }
    }
  }

  private static boolean willPass(Api.Answer answer) {
    return answer.status() == TOO_MANY || answer.status() >= OUT_OF_ORDER;
  }

  private void refill(Instant now) {
    Instant since = refilled == null ? now : refilled;
    long more = Duration.between(since, now).dividedBy(REFILL);
    left = (int) Math.min(BURST, left + Math.max(0, more));
    refilled = left == BURST ? now : since.plus(REFILL.multipliedBy(Math.max(0, more)));
  }

  private Api.Answer tell(String namespace, Happening happening, Seen seen) throws IOException {
    Told before = told.get(happening);
    if (before != null && before.seen().last().plus(SERIES).isAfter(seen.last())) {
      Told again = new Told(before.event(), before.seen().and(seen));
      ObjectNode fields = JsonNodeFactory.instance.objectNode();
      series(fields, again.seen());
      Api.Answer answer = api.patch(folder(namespace) + "/" + again.event(), fields);
      if (answer.status() != NOT_FOUND) {
        return remember(happening, again, answer);
      }
    }
    Told first = new Told(pod.name() + "." + UUID.randomUUID(), seen);
    return remember(
        happening, first, api.post(folder(namespace), event(namespace, happening, first)));
  }

  private Api.Answer remember(Happening happening, Told now, Api.Answer answer) {
    if (answer.isGood()) {
      told.putLast(happening, now);
      if (told.size() > REMEMBERED) {
        told.pollFirstEntry();
      }
    }
    return answer;
  }

  private ObjectNode event(String namespace, Happening happening, Told now) {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event
        .put("apiVersion", "events.k8s.io/v1")
        .put("kind", "Event")
        .put("type", happening.warning() ? "Warning" : "Normal")
        .put("reason", happening.reason().word())
        .put("action", happening.reason().action())
        .put("note", cut(happening.note()))
        .put("eventTime", MICROS.format(now.seen().last()))
        .put("reportingController", "pgbackup.io/agent")
        .put("reportingInstance", brief(pod.name()));
    event.putObject("metadata").put("namespace", namespace).put("name", now.event());
    ObjectNode regarding = event.putObject("regarding");
    regarding
        .put("apiVersion", "v1")
        .put("kind", "Pod")
        .put("namespace", namespace)
        .put("name", pod.name());
    pod.uid().ifPresent(uid -> regarding.put("uid", uid));
    if (now.seen().times() > 1) {
      series(event, now.seen());
    }
    return event;
  }

  private static void series(ObjectNode event, Seen seen) {
    event
        .putObject("series")
        .put("count", seen.times())
        .put("lastObservedTime", MICROS.format(seen.last()));
  }

  private static String brief(String name) {
    return name.substring(0, Math.min(name.length(), POD_CHARACTERS));
  }

  /// The API takes 1024 bytes.
  private static String cut(String note) {
    String shorter = note;
    while (shorter.getBytes(StandardCharsets.UTF_8).length > NOTE_BYTES) {
      shorter = shorter.substring(0, shorter.offsetByCodePoints(shorter.length(), -1));
    }
    return shorter;
  }

  private static String folder(String namespace) {
    return "/apis/events.k8s.io/v1/namespaces/%s/events".formatted(namespace);
  }
}
