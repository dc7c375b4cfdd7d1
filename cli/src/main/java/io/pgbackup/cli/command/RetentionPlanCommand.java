package io.pgbackup.cli.command;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.RetentionView;
import io.pgbackup.retention.AbandonedUploads;
import io.pgbackup.retention.RetentionPlanner;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "plan",
    description = "Show each base backup, why it stays, and what would be deleted now.",
    footer = {
      "",
      "Changes nothing. The rules are the stored ones; the options try others.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml retention plan",
      "  pgbackup --config agent.yaml retention plan --window 30d --keep-monthly 12",
      "  pgbackup --store s3://backups retention plan --cluster orders -o json",
    })
final class RetentionPlanCommand extends RetentionVerb {
  @Mixin private final RuleOptions rules = new RuleOptions();

  RetentionPlanCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void run(Tools tools, List<Lineage> lineages) {
    List<RetentionView.Planned> planned =
        lineages.stream()
            .map(
                lineage ->
                    new RetentionView.Planned(
                        lineage,
                        rules
                            .over(tools.rules(lineage))
                            .map(
                                wanted ->
                                    RetentionPlanner.plan(tools.reader().read(lineage, wanted))),
                        Set.of(),
                        Optional.of(
                            AbandonedUploads.in(tools.archives().store(), lineage.prefix()))))
            .toList();
    print(
        () -> JsonOutput.render(RetentionView.planned(planned)),
        () -> RetentionView.plans(planned));
  }
}
