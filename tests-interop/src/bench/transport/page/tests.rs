use super::*;

#[test]
fn a_section_is_replaced_where_it_stands_and_nothing_else_is() {
    let page =
        "# Page\n<!-- one -->\nold\n<!-- end of one -->\n<!-- two -->\n<!-- end of two -->\nend\n";
    let page = replaced(page, "one", "new\n\n");
    assert_eq!(
        page,
        "# Page\n<!-- one -->\nnew\n<!-- end of one -->\n<!-- two -->\n<!-- end of two -->\nend\n"
    );
    assert_eq!(replaced(&page, "one", "new"), page);
}

#[test]
fn a_section_without_a_place_comes_last() {
    let page = replaced("# Page\n", "one", "new");
    assert_eq!(page, "# Page\n\n<!-- one -->\nnew\n<!-- end of one -->\n");
}
