"""What customers say, in English, Spanish and Italian: it counts against spam.

How they are written down: see `rules.lexicon`.
"""

from typing import Final

from services.spam.rules.lexicon import Phrases

CUSTOMERS: Final = (
    Phrases(
        "own_purchase",
        "it is about a purchase",
        -3.0,
        -1.0,
        r"""
        (?:my|our) (?:\w+ )?delivery;
        (?:my|our|the) (?:\w+
        )?(?:orders?|parcel|package|purchase|refund|return|exchange|basket|cart);
        (?:my|our|the) (?:\w+ )?(?:subscription|shipment|discount|coupon|size|invoice|receipt);
        (?:my|our|the) (?:\w+ )?(?:account|gift ?card); orders? (?:number|no|nr|id|ref)\.?;
        (?:order|pedido|ordine) ?#? ?\d+; i (?:ordered|bought|paid|returned|received|purchased);
        i was charged; tracking(?: (?:number|code|link|info\w*))?; where is my;
        (?:mi|el|un|nuestro) (?:pedido|paquete|reembolso|envio|cupon|cambio);
        mi (?:compra|talla|factura|cuenta|suscripcion|devolucion); numero de (?:pedido|seguimiento);
        (?:he|hice|hemos) (?:comprado|pedido|recibido|pagado|devuelto); compre; pague;
        me (?:cobraron|han cobrado); devolucion; reembolso;
        (?:il mio|i miei|un|l'|mio)
        ?(?:ordin[ei]|pacc(?:o|hi)|rimborso|acquisto|reso|abbonamento|account|buono);
        la mia (?:spedizione|taglia|fattura|carta);
        numero (?:d'|di )?(?:ordine|tracciamento|spedizione);
        ho (?:ordinato|comprato|acquistato|ricevuto|pagato|restituito);
        mi (?:avete|hanno) addebitato; rimborso; (?:cambio )?taglia
        """,
    ),
    Phrases(
        "report",
        "it reports what somebody else sent",
        -8.0,
        -2.0,
        r"""
        (?:is|was) (?:this|that|it) (?:really |actually )?(?:you|yours|from you|your company);
        phishing; fake (?:messages?|sites?|websites?|emails?|accounts?|profiles?|texts?|pages?);
        (?:i|we|my \w+) (?:just |have )?(?:got|received|get) (?:this|these|another)
        (?:\w+ )?(?:messages?|texts?|sms|emails?|mails?|dms?|calls?|links?);
        got an? (?:\w+ )?(?:message|text|sms|email|mail|dm|link) (?:saying|that says|asking|from);
        (?:it|they|dhl|ups|usps|fedex|gls|the (?:\w+ )?(?:site|app|mail|email|courier|page)) says?;
        (?:someone|somebody) (?:is|was) (?:pretending|impersonating|using your);
        did you (?:really )?send; pretending to be you; (?:popped|pops) up on your; impersonat\w+;
        (?:es|son) (?:esto |este |realmente )?(?:vuestr[oa]s?|de ustedes|vosotros|ustedes);
        (?:me ha llegado|me llego|he recibido|recibi) (?:este|un|una|esta)
        (?:mensaje|correo|sms|enlace|llamada|email); me (?:dice|dicen|pone|sale) que;
        (?:lo|la|habeis|han) enviad[oa] (?:vosotros|ustedes); se hace(?:n)? pasar por;
        (?:e|siete) (?:davvero |veramente )?(?:vostr[oa]|voi); mi (?:dice|dicono|esce) che;
        (?:mi e arrivat[oa]|ho ricevuto) (?:questo|questa|un|una)
        (?:messaggio|mail|email|sms|link|chiamata); si spaccia(?:no)? per;
        (?:l'avete|avete) (?:mandat[oa]|inviat[oa]) voi
        """,
    ),
    Phrases(
        "doubt",
        "it doubts what somebody else said",
        -4.0,
        -1.5,
        r"""
        (?:is|was) (?:this|that|it)
        (?:really |actually )?(?:legit\w*|real|genuine|official|a scam|spam|fake|true|safe|normal);
        scam(?:mers?|med|s)?; fraud(?:ulent|sters?)?; suspicious; saying (?:that )?(?:your|my|i);
        do i (?:have|need) to; should i; estafa(?:dor(?:es)?)?; fraude; sospechos[oa]s?;
        (?:es|son) (?:esto |este )?(?:oficial|verdad|seguro|fiable|normal); tengo que pagar;
        truffa(?:tori)?; frode; sospett[oa]; devo pagare;
        e (?:davvero |veramente )?(?:ufficiale|vero|sicuro|una truffa|normale)
        """,
    ),
    Phrases(
        "own_win",
        "it says that its writer has won",
        -3.0,
        -0.5,
        r"""
        i(?:'ve| have)? (?:just |recently )?won; (?:my|the) prize;
        your (?:giveaway|raffle|contest|competition|lottery); gane; he ganado; (?:mi|el) premio;
        (?:vuestro|su|tu) (?:sorteo|concurso); ho vinto; (?:il mio|mio|del) premio;
        (?:vostro|vostra) (?:giveaway|concorso|lotteria|estrazione)
        """,
    ),
    Phrases(
        "own_wish",
        "it asks what a customer asks",
        -2.0,
        -1.0,
        r"""
        do you (?:ship|deliver|have|sell|accept|offer|stock|take|do|make|still|also);
        can i (?:pay|return|exchange|get|order|change|cancel|use|have|buy|pick);
        (?:i|we) (?:would like|want|wish|need|intend|am looking|are looking) (?:to
        )?(?:buy|order|purchase|cancel|return|exchange|stock|resell|for); wholesale; bulk order;
        reseller; in stock; how much (?:is|are|does|do|for); complaint; unacceptable; disappointed;
        unsubscribe; (?:haceis|hacen|hace) envios?;
        (?:teneis|tienen|tiene) (?:\w+ )?(?:en stock|disponible|talla|este|esta|stock|tienda|algun);
        puedo (?:pagar|devolver|cambiar|cancelar|pedir|comprar);
        (?:quiero|queremos|querria|quisiera|me gustaria|nos gustaria)
        (?:comprar|pedir|devolver|cancelar|cambiar|hacer|saber); al por mayor;
        cuanto (?:cuesta|cuestan|tarda|vale); queja; reclamacion; darme de baja;
        (?:spedite|consegnate|accettate|avete|vendete|fate);
        posso (?:pagare|restituire|cambiare|annullare|ordinare|comprare|usare);
        (?:vorrei|vorremmo|voglio)
        (?:comprare|ordinare|restituire|annullare|cambiare|acquistare|sapere); all'ingrosso;
        rivenditor[ei]; quanto (?:costa|costano|tempo); reclamo; inaccettabile; disiscrivermi
        """,
    ),
)
