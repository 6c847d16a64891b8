"""Questions to the matched data of a run: any subgroup, any outcome, any model, under the rule for what may leave."""
