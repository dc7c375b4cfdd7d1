package io.pgbackup.telemetry;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// Grafana's dashboard, made of the list of meters: one panel for each, under a heading for each
/// subject, with the meter's meaning as its description.
final class Dashboard {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int COLUMNS = 24;
  private static final int HEIGHT = 7;
  private static final String OF_THESE =
      "{namespace=~\"$namespace\",cluster=~\"$cluster\",uid=~\"$uid\"}";

  /// Lie ahead, so that what is left is shown and not how long ago it was.
  private static final Set<Meters> TO_COME =
      Set.of(
          Meters.BACKUP_NEXT,
          Meters.RETENTION_NEXT,
          Meters.DRILL_NEXT,
          Meters.CREDENTIAL_EXPIRATION,
          Meters.BROKER_EXPIRATION);

  /// Exposed by `credentials serve`, which knows no lineage.
  private static final Set<Meters> OF_THE_BROKER =
      Set.of(Meters.BROKER_EXPIRATION, Meters.BROKER_FAILURES);

  /// A heading and how the names under it begin.
  private record Subject(String title, List<String> beginnings) {
    boolean holds(Meters meter) {
      return beginnings.stream().anyMatch(meter.exposedName()::startsWith);
    }
  }

  private static final List<Subject> SUBJECTS =
      List.of(
          new Subject(
              "What can be restored",
              List.of("pgbackup_recovery_window_", "pgbackup_catalog_", "pgbackup_lineage_")),
          new Subject("WAL", List.of("pgbackup_wal_")),
          new Subject("Base backups", List.of("pgbackup_backup")),
          new Subject("Retention", List.of("pgbackup_retention_")),
          new Subject("Restores on trial", List.of("pgbackup_drill_")),
          new Subject(
              "Store, server, credential",
              List.of(
                  "pgbackup_storage_",
                  "pgbackup_postgres_",
                  "pgbackup_credential_",
                  "pgbackup_broker_",
                  "pgbackup_config_",
                  "pgbackup_agent_")),
          new Subject("Engine wal-g", List.of("pgbackup_walg_")));

  private final ArrayNode panels = JSON.createArrayNode();
  private int id;
  private int row;
  private int column;

  private Dashboard() {}

  static String text() {
    return new Dashboard().whole().toPrettyString() + "\n";
  }

  private ObjectNode whole() {
    for (Subject subject : SUBJECTS) {
      heading(subject.title());
      Arrays.stream(Meters.values()).filter(subject::holds).forEach(this::panel);
    }
    ObjectNode dashboard = JSON.createObjectNode();
    dashboard.put("uid", "pgbackup");
    dashboard.put("title", "pgbackup");
    dashboard.put("schemaVersion", 39);
    dashboard.put("refresh", "1m");
    dashboard.putArray("tags").add("postgresql").add("backup");
    dashboard.putObject("time").put("from", "now-24h").put("to", "now");
    dashboard.putObject("templating").set("list", variables());
    dashboard.set("panels", panels);
    return dashboard;
  }

  private static ArrayNode variables() {
    ArrayNode list = JSON.createArrayNode();
    list.addObject()
        .put("name", "datasource")
        .put("label", "Data source")
        .put("type", "datasource")
        .put("query", "prometheus");
    variable(list, "namespace", "Namespace", "");
    variable(list, "cluster", "Cluster", "{namespace=~\"$namespace\"}");
    variable(list, "uid", "Lineage", "{namespace=~\"$namespace\",cluster=~\"$cluster\"}");
    return list;
  }

  private static void variable(ArrayNode list, String label, String title, String of) {
    String query =
        "label_values(%s%s, %s)".formatted(Meters.BACKUP_FAILURES.exposedName(), of, label);
    ObjectNode variable = list.addObject();
    variable.put("name", label).put("label", title).put("type", "query").put("query", query);
    variable.put("refresh", 2).put("includeAll", true).put("multi", true).put("sort", 1);
    // what has no lineage yet has an empty label, which a list of values would leave out
    variable.put("allValue", ".*");
    variable.set("datasource", source());
    variable.putObject("current").put("text", "All").put("value", "$__all");
  }

  private static ObjectNode source() {
    return JSON.createObjectNode().put("type", "prometheus").put("uid", "${datasource}");
  }

  private void heading(String title) {
    newLine();
    ObjectNode panel = panels.addObject();
    panel.put("id", ++id).put("type", "row").put("title", title).put("collapsed", false);
    panel.putArray("panels");
    place(panel, COLUMNS, 1);
    newLine();
  }

  private void panel(Meters meter) {
    ObjectNode panel = panels.addObject();
    panel.put("id", ++id).put("type", "timeseries").put("title", title(meter));
    panel.put("description", meter.meaning());
    panel.set("datasource", source());
    ObjectNode target = panel.putArray("targets").addObject();
    target.put("refId", "A").put("expr", expression(meter)).put("legendFormat", legend(meter));
    target.set("datasource", source());
    ObjectNode defaults = panel.putObject("fieldConfig").putObject("defaults");
    defaults.put("unit", unit(meter));
    defaults.putObject("custom").put("lineWidth", 2).put("fillOpacity", 10);
    panel.withObject("fieldConfig").putArray("overrides");
    panel.putObject("options").putObject("tooltip").put("mode", "multi");
    place(panel, COLUMNS / 3, HEIGHT);
  }

  private void place(ObjectNode panel, int width, int height) {
    if (column + width > COLUMNS) {
      newLine();
    }
    panel.putObject("gridPos").put("x", column).put("y", row).put("w", width).put("h", height);
    column += width;
    if (height == 1) {
      row++;
      column = 0;
    }
  }

  private void newLine() {
    if (column > 0) {
      row += HEIGHT;
      column = 0;
    }
  }

  /// `pgbackup_wal_archive_lag_seconds` is "wal archive lag".
  private static String title(Meters meter) {
    String words =
        meter
            .exposedName()
            .replaceFirst("^pgbackup_", "")
            .replaceFirst("(_timestamp)?(_seconds|_bytes|_total)?(_total)?$", "")
            .replace('_', ' ');
    if (meter.kind() == Meters.Kind.COUNTER) {
      return words + ", in an hour";
    }
    if (meter.kind() == Meters.Kind.HISTOGRAM) {
      return words + ", 95 of 100";
    }
    return isInstant(meter) ? words + (TO_COME.contains(meter) ? ", in" : ", ago") : words;
  }

  private static String expression(Meters meter) {
    String labels =
        OF_THE_BROKER.contains(meter)
            ? "{namespace=~\"$namespace\",cluster=~\"$cluster\"}"
            : OF_THESE;
    String series = meter.exposedName() + labels;
    if (meter.kind() == Meters.Kind.COUNTER) {
      return "increase(%s[1h])".formatted(series);
    }
    if (meter.kind() == Meters.Kind.HISTOGRAM) {
      return "histogram_quantile(0.95, sum by (namespace, cluster, %s, le) (rate(%s_bucket%s[1h])))"
          .formatted(end(meter), meter.exposedName(), labels);
    }
    if (isInstant(meter)) {
      return TO_COME.contains(meter) ? series + " - time()" : "time() - " + series;
    }
    return series;
  }

  /// The label that says how it ended, or of what kind it was.
  private static String end(Meters meter) {
    return meter.exposedName().startsWith("pgbackup_storage_") ? "op" : "result";
  }

  private static boolean isInstant(Meters meter) {
    return meter.exposedName().endsWith("_timestamp_seconds");
  }

  private static String legend(Meters meter) {
    String own =
        switch (meter) {
          case STORAGE_UP -> " {{op}}";
          case STORAGE_REQUESTS -> " {{op}} {{outcome}}";
          case AGENT_START -> " {{version}}";
          case WAL_PUSH_DURATION, WAL_FETCH_DURATION -> " {{result}}";
          case STORAGE_REQUEST_DURATION -> " {{op}}";
          case STORAGE_RETRIES -> " {{reason}}";
          case STORAGE_BYTES -> " {{direction}}";
          default -> " {{role}}";
        };
    return "{{namespace}}/{{cluster}}" + own;
  }

  private static String unit(Meters meter) {
    String name = meter.exposedName();
    return name.contains("_bytes") ? "bytes" : name.endsWith("_seconds") ? "s" : "short";
  }
}
