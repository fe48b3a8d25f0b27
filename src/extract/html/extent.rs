//! How many elements a tree of a page has, and how deep they stand in each other, before one is built that is walked.
//!
//! The page, as `lean` leaves it, goes through the tree builder of html5ever in small pieces, with a sink that remembers
//! of each node nothing but its parent, and no further than the limits reach. What end tags close, what is opened anew and
//! what is moved out of tables is so what it will be for the page's readers. They differ in whether `<noscript>` holds
//! tags; a lean page has none, nor comments, nor more than a few attributes a tag.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeSink;
use html5ever::{Attribute, ParseOpts, QualName, parse_document};

/// Of so many bytes little can be made before it is noticed.
const PIECE_BYTES: usize = 1 << 10;

/// What trees of a page would cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Elements, those among them that no start tag stands for.
    pub n_elements: usize,
    /// The most elements within each other.
    pub depth: usize,
}

impl Extent {
    /// Whether it is within limits.
    fn is_within(self, limit: Self) -> bool {
        self.n_elements <= limit.n_elements && self.depth <= limit.depth
    }
}

/// The extent of a lean page, or `None` of one that is beyond the limit.
pub(super) fn extent(html: &str, limit: Extent) -> Option<Extent> {
    Some(measured(html, limit)).filter(|extent| extent.is_within(limit))
}

/// The extent of a page, or of so much of it as takes it beyond the limit.
fn measured(html: &str, limit: Extent) -> Extent {
    let mut parser = parse_document(Parents::default(), ParseOpts::default());
    let mut rest = html;
    while !rest.is_empty() {
        let mut end = rest.len().min(PIECE_BYTES);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, after) = rest.split_at(end);
        parser.process(piece.into());
        let so_far = parser.tokenizer.sink.sink.extent.get();
        if !so_far.is_within(limit) {
            return so_far;
        }
        rest = after;
    }
    parser.finish()
}

/// A node's place among the nodes, and its name if it is an element.
type Handle = Rc<(usize, Option<QualName>)>;

/// A tree in which each node knows its parent alone.
#[derive(Debug, Default)]
struct Parents {
    nodes: RefCell<Vec<Node>>,
    /// The node whose children a list of children is.
    owners: RefCell<Vec<usize>>,
    /// As deep as nodes stood when they were placed: what is moved is counted in the end.
    extent: Cell<Extent>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// The list of children that it is in.
    within: Option<usize>,
    /// The list of its own.
    children: usize,
    /// Elements around it and itself, when it was placed.
    depth: usize,
}

impl Parents {
    fn node(&self, name: Option<QualName>) -> Handle {
        let (mut nodes, mut owners) = (self.nodes.borrow_mut(), self.owners.borrow_mut());
        owners.push(nodes.len());
        nodes.push(Node {
            within: None,
            children: owners.len() - 1,
            depth: 0,
        });
        Rc::new((nodes.len() - 1, name))
    }

    /// Places a node into a list of children.
    fn place(&self, node: usize, within: usize) {
        let mut nodes = self.nodes.borrow_mut();
        let depth = nodes[self.owners.borrow()[within]].depth + 1;
        nodes[node].within = Some(within);
        nodes[node].depth = depth;
        let mut extent = self.extent.get();
        extent.depth = extent.depth.max(depth);
        self.extent.set(extent);
    }
}

impl TreeSink for Parents {
    type Handle = Handle;
    type Output = Extent;
    type ElemName<'a> = &'a QualName;

    /// The extent, with everything where it stands in the end.
    fn finish(self) -> Extent {
        let (nodes, owners) = (self.nodes.into_inner(), self.owners.into_inner());
        let mut depths: Vec<Option<usize>> = vec![None; nodes.len()];
        let mut path = Vec::new();
        for node in 0..nodes.len() {
            let mut at = Some(node);
            let known = loop {
                let Some(node) = at else { break 0 };
                if let Some(depth) = depths[node] {
                    break depth + 1;
                }
                path.push(node);
                at = nodes[node].within.map(|list| owners[list]);
            };
            for (above, node) in path.drain(..).rev().enumerate() {
                depths[node] = Some(known + above);
            }
        }
        Extent {
            depth: depths.into_iter().flatten().max().unwrap_or(0),
            ..self.extent.get()
        }
    }

    fn get_document(&self) -> Handle {
        // The first node.
        if self.nodes.borrow().is_empty() {
            return self.node(None);
        }
        Rc::new((0, None))
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> &'a QualName {
        target.1.as_ref().expect("only elements have names")
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.0 == y.0
    }

    fn create_element(&self, name: QualName, _: Vec<Attribute>, _: ElementFlags) -> Handle {
        let mut extent = self.extent.get();
        extent.n_elements += 1;
        self.extent.set(extent);
        self.node(Some(name))
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.node(None)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.node(None)
    }

    /// What a template holds stands in it.
    fn get_template_contents(&self, target: &Handle) -> Handle {
        Rc::clone(target)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(child) = child {
            let within = self.nodes.borrow()[parent.0].children;
            self.place(child.0, within);
        }
    }

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        let within = self.nodes.borrow()[sibling.0].within;
        if let (NodeOrText::AppendNode(child), Some(within)) = (child, within) {
            self.place(child.0, within);
        }
    }

    fn append_based_on_parent_node(
        &self,
        element: &Handle,
        previous: &Handle,
        child: NodeOrText<Handle>,
    ) {
        let has_parent = self.nodes.borrow()[element.0].within.is_some();
        match has_parent {
            true => self.append_before_sibling(element, child),
            false => self.append(previous, child),
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.nodes.borrow_mut()[target.0].within = None;
    }

    /// The lists change hands: the new parent is one that was just made.
    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let mut nodes = self.nodes.borrow_mut();
        let mut owners = self.owners.borrow_mut();
        let [list, empty] = [node, new_parent].map(|node| nodes[node.0].children);
        owners.swap(list, empty);
        nodes[node.0].children = empty;
        nodes[new_parent.0].children = list;
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn add_attrs_if_missing(&self, _: &Handle, _: Vec<Attribute>) {}
}

#[cfg(test)]
mod tests {
    use super::super::lean::lean;
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&str; 56] = [
        "a", "address", "article", "b", "body", "br", "button", "caption", "center", "colgroup",
        "custom-x", "dd", "div", "dl", "dt", "em", "fieldset", "font", "form", "frameset", "h1",
        "h2", "head", "html", "img", "li", "main", "marquee", "nav", "nobr", "object", "ol",
        "optgroup", "option", "p", "pre", "ruby", "rt", "section", "select", "span", "table",
        "tbody", "td", "template", "textarea", "th", "title", "tr", "u", "ul", "xmp", "noscript",
        "svg", "math", "script",
    ];

    /// Depth and number of elements of the trees that both readers build.
    fn of_trees(html: &str) -> [Extent; 2] {
        let page = scraper::Html::parse_document(html);
        let nodes = page.tree.nodes().filter(|node| node.value().is_element());
        let scraper = nodes.fold(Extent::default(), |found, node| Extent {
            n_elements: found.n_elements + 1,
            depth: found.depth.max(node.ancestors().count()),
        });
        let page = dom_query::Document::from(html);
        let root = page.root();
        let nodes = root.descendants_it().filter(|node| node.is_element());
        let dom_query = nodes.fold(Extent::default(), |found, node| Extent {
            n_elements: found.n_elements + 1,
            depth: found.depth.max(node.ancestors_it(None).count()),
        });
        [scraper, dom_query]
    }

    const NO_LIMIT: Extent = Extent {
        n_elements: usize::MAX,
        depth: usize::MAX,
    };

    #[test]
    fn end_tags_that_a_tree_builder_does_not_heed_hide_nothing() {
        let limit = Extent {
            n_elements: 20_000,
            depth: 100,
        };
        for html in [
            "<div>",
            "<div></x></p>",
            "<b><font></b>",
            "<div><table><tr><td></div>",
            "<div><marquee></div>",
            "<span><div></span>",
            "<span><p></span></p>",
            "<form><div></form>",
            "<body><div></body>",
            "<object><div>",
            "<template><div><td>",
            "<svg><g>",
            "<div><title></title-></div></title>",
        ] {
            assert_eq!(extent(&html.repeat(200), limit), None, "{html}");
        }
        let paragraphs = "<p>x<br>".repeat(1000);
        assert!(extent(&paragraphs, limit).is_some_and(|extent| extent.depth == 4));
    }

    #[test]
    fn what_is_opened_anew_counts() {
        let fonts: String = (0..20).map(|i| format!("<font size={i}>")).collect();
        let html = format!("<p>{fonts}</p>{}", "<p>x</p>".repeat(30));
        // The page, its head and body, 31 paragraphs, the font's 20 elements, and all of these again in 30 paragraphs.
        let extent = extent(&html, NO_LIMIT).expect("no limit");
        assert_eq!(extent.n_elements, 3 + 31 + 20 + 30 * 20);
    }

    #[test]
    fn it_stops_soon_after_the_limit() {
        let fonts: String = (0..200).map(|i| format!("<font size={i}>")).collect();
        let html = format!("<p>{fonts}</p>{}", "<p>x</p>".repeat(100_000));
        let limit = Extent {
            n_elements: 20_000,
            depth: 256,
        };
        let found = measured(&html, limit).n_elements;
        let of_a_piece = PIECE_BYTES / "<p>x</p>".len() * 201;
        assert!((20_001..=20_000 + of_a_piece).contains(&found), "{found}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn the_readers_trees_of_a_lean_page_are_no_larger_and_hardly_deeper(
            soup in proptest::collection::vec((0..2 * NAMES.len() + 6, 0..4), 1..9),
            n_times in prop_oneof![Just(1), Just(80)],
        ) {
            let piece: String = soup.iter().map(|&(i, size)| match i.checked_sub(NAMES.len()) {
                None => format!("<{} size={size}>", NAMES[i]),
                Some(i) => NAMES.get(i).map_or_else(|| ["x", " ", "<!--", "-->", "<svg/>", "/>"][i % 6].to_owned(), |name| format!("</{name}>")),
            }).collect();
            let html = lean(&piece.repeat(n_times));
            let found = extent(&html, NO_LIMIT).expect("no limit");
            for tree in of_trees(&html) {
                // Some count a template and what it holds as two.
                prop_assert!(tree.depth <= 2 * found.depth, "{piece} {found:?} {tree:?}");
                prop_assert!(tree.n_elements <= found.n_elements, "{piece} {found:?} {tree:?}");
            }
        }
    }
}
