"""LabelObjects and taxonomies, typed and checked. Pure: values in, problems out."""
